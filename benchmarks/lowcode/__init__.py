"""Count what one company costs in Backoffice and its peers: lines, files, what is missing."""
