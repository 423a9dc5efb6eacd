"""Count what the same company costs in Backoffice and in its peers: lines, files, what is missing."""
