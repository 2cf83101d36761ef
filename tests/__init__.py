"""The specification of Relance, under the same names as the code it speaks of."""
