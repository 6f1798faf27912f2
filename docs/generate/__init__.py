"""Pages that follow from the code: the catalogue of events, their JSON Schemas, the AsyncAPI description."""
