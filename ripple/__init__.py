"""What every part of Ripple shares: events, routes, contracts, the ledger of state, settings and gateways."""
