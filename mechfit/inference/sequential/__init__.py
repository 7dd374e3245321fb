"""Sequential inference: rounds of simulations from proposals, and losses that correct for them."""
