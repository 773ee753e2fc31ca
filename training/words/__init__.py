"""The last lesson of the planner: words alone, against pictures that it has already learned to see.

How people talk varies more than any scene does, and a sentence costs a hundredth of a picture to read. So the picture
encoders stay as they are, their feature maps of some thousand frames are kept, and only what reads sentences learns on.
"""
