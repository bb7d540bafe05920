"""Photographs of PASCAL VOC as networks take them."""
