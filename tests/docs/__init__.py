"""The pages of docs/, the README and the files beside it, held against the tree they speak of."""
