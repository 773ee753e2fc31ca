"""What people call things: names of shapes, colours, places and directions beyond those that templates use.

What a name means follows from ordinary usage alone. Names of things that are never there (`training.phrases`) and
those that measure refusals (`training.impossible`) are not among them.
"""

from __future__ import annotations

from typing import Final

SHAPES: Final = {
    "cube": (
        "block", "box", "brick", "die", "dice", "cuboid", "square block", "cubic block", "cubic object", "toy block",
        "building block", "wooden block", "wooden cube", "square", "square thing", "square piece", "square object",
        "cube shape", "cube thing", "cubelet", "boxy thing", "boxy block", "blocky thing", "little box", "lego brick",
        "lego", "crate", "carton", "parcel", "package", "hexahedron", "chunk", "lump", "six-sided block", "slab",
        "square brick", "cube block", "cubical block", "cubical thing", "square box", "play block", "square shape",
        "square one", "boxy one",
    ),
    "cylinder": (
        "can", "tube", "tin", "tin can", "canister", "drum", "barrel", "pipe", "roll", "round block", "column",
        "pillar", "rod", "post", "peg", "dowel", "round peg", "wooden peg", "cylindrical block", "cylindrical object",
        "cylindrical thing", "cylinder shape", "tubular thing", "tube thing", "soda can", "drink can", "round thing",
        "round object", "round piece", "round bar", "log", "keg", "cask", "spool", "roller", "stub", "stump", "bobbin",
        "reel", "baton", "shaft", "silo", "metal can", "can shape", "tube shape", "cylindrical piece", "round stick",
        "pole", "tub", "round tin", "little barrel", "rolled thing", "round one", "round pillar", "cartridge",
    ),
    "button": (
        "buzzer", "round button", "buzzer button", "control button", "pushbutton", "push-button", "knob", "switch",
        "push switch", "press button", "press switch", "big button", "little button", "button thing", "bell button",
        "bell", "clicker", "plunger", "touch button", "button over there", "call button", "game button", "dome button",
        "trigger", "push knob", "toggle", "stud", "round switch", "arcade button", "start button", "actuator", "key",
        "keycap", "press key",
    ),
}  # fmt: skip
COLORS: Final = {
    "red": (
        "burgundy", "maroon", "cherry", "rose red", "blood red", "brick red", "wine red", "ruby red", "vermilion",
        "vermillion", "scarlet", "crimson", "ruby", "tomato", "tomato red", "strawberry", "strawberry red", "apple red",
        "fire red", "fire engine red", "lipstick red", "carmine", "cardinal", "cardinal red", "garnet", "cranberry",
        "raspberry", "raspberry red", "poppy", "poppy red", "chili red", "ketchup red", "reddish", "red-ish",
        "rusty red",
        "cherry red", "traffic light red", "ferrari red", "claret", "oxblood", "flame red", "candy red", "rose",
        "coral red", "beet red", "pillar-box red", "stop sign red",
    ),
    "green": (
        "olive", "olive green", "lime", "lime green", "mint", "mint green", "moss", "moss green", "leaf green", "jade",
        "jade green", "forest", "forest green", "avocado", "emerald", "emerald green", "grass", "grass green", "grassy",
        "pine", "pine green", "fern", "fern green", "pea green", "apple green", "bottle green", "sea green", "shamrock",
        "sage", "sage green", "kiwi", "basil", "pickle green", "cucumber green", "spinach green", "greenish",
        "green-ish", "neon green", "pistachio", "malachite", "viridian", "evergreen", "mossy", "lettuce green",
        "clover",
        "hunter green", "kelly green", "spring green", "parsley green", "leafy green", "frog green", "broccoli green",
        "verdant", "jungle green",
    ),
    "blue": (
        "azure", "indigo", "navy", "navy blue", "cobalt", "cobalt blue", "sapphire", "sapphire blue", "ultramarine",
        "midnight blue", "denim", "denim blue", "sky", "sky blue", "royal blue", "ocean blue", "ocean", "sea blue",
        "cerulean", "cornflower", "cornflower blue", "baby blue", "marine", "marine blue", "steel blue",
        "electric blue", "blueberry", "blueish", "bluish", "blue-ish", "azurite", "peacock blue", "lapis", "lapis blue",
        "lapis lazuli", "prussian blue", "powder blue", "ice blue", "dark blue", "light blue", "deep-sea blue",
        "water blue", "periwinkle blue", "jeans blue", "smurf blue", "cyan blue", "oxford blue", "royal",
    ),
    "yellow": (
        "amber", "gold", "golden", "lemon", "lemon yellow", "mustard", "mustard yellow", "canary", "canary yellow",
        "honey", "honey coloured", "honey yellow", "sunny", "blond", "ochre", "saffron", "saffron yellow", "sunflower",
        "sunflower yellow", "banana yellow", "butter", "butter yellow", "buttercup", "daffodil", "dandelion", "maize",
        "corn yellow", "corn", "marigold", "straw", "straw yellow", "sun yellow", "sunshine yellow", "yolk yellow",
        "egg yolk yellow", "bumblebee yellow", "custard", "goldenrod", "yellowish", "yellow-ish", "cheddar", "citrine",
        "taxi yellow", "wheat", "flaxen", "turmeric", "bright gold", "cheese yellow", "lemony", "citron", "topaz",
        "sunlight yellow",
    ),
}  # fmt: skip
CONTAINERS: Final = {
    "bowl": (
        "bowl", "the bowl over there", "the deep bowl", "the basin", "the round container", "the dish bowl",
        "the salad bowl", "the soup bowl", "the little bowl", "the mixing bowl", "the empty bowl", "our bowl",
        "the bowl on the table",
    ),
    "plate": (
        "plate", "the plate over there", "the saucer", "the dish", "the platter", "the tray", "the dinner plate",
        "the flat dish", "the round plate", "the little plate", "the empty plate", "our plate",
        "the plate on the table",
    ),
}  # fmt: skip
DRAWERS: Final = (
    "drawer", "the drawer over there", "our drawer", "the drawer box", "the cabinet drawer", "the little drawer",
    "the sliding drawer", "the drawer of that cabinet", "the cabinet", "that cabinet", "the drawer on the table",
    "the drawer unit", "the cupboard drawer", "the desk drawer", "the drawer thing", "the sliding box",
    "the pull-out drawer", "the drawer in front of you", "the draw", "that draw",
)  # fmt: skip
DIRECTIONS: Final = {
    "left": (
        "leftward", "left a bit", "toward the left", "a little left", "to your left-hand side", "to the left hand side",
        "over to the left", "further left", "to your left side", "towards your left", "off to the left",
        "sideways left",
        "to the left edge", "to the left of the table", "more to the left", "left left",
    ),
    "right": (
        "rightward", "right a bit", "toward the right", "a little right", "to your right-hand side",
        "to the right hand side", "over to the right", "further right", "to your right side", "towards your right",
        "off to the right", "sideways right", "to the right edge", "to the right of the table", "more to the right",
        "right right",
    ),
    "front": (
        "forward a bit", "farther away from you", "farther away", "away from yourself", "away from the robot",
        "to the far end", "to the far edge", "towards the front", "toward the front", "outward", "outwards",
        "straight ahead", "away", "a bit further away", "further from you", "further forward", "to the front edge",
        "off to the front", "to the front side", "out in front", "away from your base", "more forward",
        "further out", "up front",
    ),
    "back": (
        "back a bit", "nearer to you", "nearer", "closer", "closer to yourself", "towards yourself", "toward you",
        "towards the robot", "toward the robot", "in your direction", "to the near end", "to the near edge",
        "towards the back", "toward the back", "back to you", "back towards you", "inwards", "a bit closer",
        "closer to the robot", "to the back edge", "to your base", "towards your base", "rearwards", "more to the back",
    ),
}  # fmt: skip
