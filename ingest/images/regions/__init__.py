"""What lies over images: regions of interest, label images, localisations, and what is wrong with them."""
