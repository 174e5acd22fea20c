// The page of one image: what is on every page, and the viewer, in one script. A request less before the first tile.

import './page.js'
import './viewer.js'
