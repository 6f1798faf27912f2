"""Pages that follow from the code: the catalogue of events, the codes, their JSON Schemas, the AsyncAPI description, the costs."""
