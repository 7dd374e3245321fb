"""Exchange: posteriors handed to other packages, sbi and ArviZ."""
