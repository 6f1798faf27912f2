"""Google Cloud on one machine, as far as Ripple and its users need it. Knows files and protocols, never stages."""
