"""What AWS shall hold, from what the rows want and what AWS was read to hold.

What closes goes before what opens; what expires by itself goes before what lasts. Only a request
that is being opened may open anything: for everything else a plan only closes, so a restored or
mistaken row cannot let anybody in again.
"""
