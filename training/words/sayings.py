"""What people say when they want something: sentences with gaps, for the lesson in words.

`{t}` is a thing, `{c}` what it goes to, `{p}` how ("in", "on top of"), `{d}` a direction, `{do}`, `{ing}` and `{did}`
what is to be done.
"""

from __future__ import annotations

from typing import Final

POINTING: Final = (
    "see {t}? {do}", "do you see {t}? {do}", "you see {t} there, {do}", "{t}: {do}", "{t} - {do}", "{t}, {do}",
    "take a look at {t} and {do}", "look at {t}, then {do}", "find {t} and {do}", "go to {t} and {do}",
    "there is {t}; {do}", "there's {t} in front of you, {do}", "there is {t} on the table, {do}",
    "in front of you is {t}, {do}", "about {t}: {do} please", "that thing there, {t}, {do}", "over there is {t}. {do}",
    "reach for {t} and {do}", "locate {t}, {do}", "{t} over there: {do}", "got {t}? {do}", "with {t}: {do}",
)  # fmt: skip
MORE_FRAMES: Final = (
    "{do}, will you", "{do}, would you", "{do} if you can", "mind if you {do}?", "why don't you {do}",
    "{do} right away", "I'd love it if you could {do}", "I'd be glad if you {do}", "would you mind, {do}",
    "how about you {do}",
    "please go ahead and {do}", "go and {do}", "just {do}", "{do} ok?", "I think you should {do}", "hurry, {do}",
    "{do}, that would be great", "everyone is waiting, {do}", "for the demo, {do}", "first of all {do}", "{do} asap",
    "use your arm to {do}", "with your gripper {do}", "your next job: {do}", "what if you {do}", "be a dear and {do}",
    "pls {do}", "plz {do}", "{do} pls", "{do} thx", "can u {do}", "can u pls {do}", "{do}!", "yo, {do}",
    "hi robot, {do}",
    "any chance you could {do}?", "could I ask you to {do}", "I'd prefer you to {do}", "we need you to {do}", "do {do}",
    "I was hoping you could {do}", "for this one, {do}", "step one: {do}", "then {do}", "so now {do}", "time to {do}",
    "would it be possible to {do}", "are you able to {do}", "show us how you {do}", "let me see you {do}",
    "gently {do}",
)  # fmt: skip
WANTED: Final = {
    "pick": (
        "{t} up", "{t} in the air", "{t} up in your hand", "{t} in your gripper", "{t} between your fingers",
        "up with {t}", "I need {t} in your hand", "I want to see {t} off the table", "could I have {t} please",
        "{t} should leave the table", "let {t} float above the table", "don't leave {t} on the table", "give me {t}",
        "bring me {t}", "show me {t} up close", "make {t} go up", "up, {t}", "lift off with {t}", "have {t} picked up",
        "give {t} a lift", "get {t} airborne", "let me see you hold {t}", "hold on to {t} and go up",
        "carry {t} upwards",
        "bring {t} up off the tabletop", "take {t} away from the table", "I'd like {t} lifted", "get {t} up",
        "gimme {t}", "gimme {t} please",
        "close your fingers around {t} and lift", "hover {t}", "up you go with {t}", "let {t} rise", "get hold of {t}",
        "pick {t} off the table", "collect {t} from the table", "wrap your gripper around {t} and go up",
        "hand over {t}",
    ),
    "push": (
        "{t} {d}", "{d} with {t}", "{t} must go {d}", "{t} needs to be {d}", "I want {t} {d}", "{t} more {d}",
        "a little push {d} for {t}", "{t} a bit more {d}", "let {t} travel {d}", "get {t} going {d}",
        "{t} is too close, send it {d}", "have {t} end up {d}", "{t} off {d}", "budge {t} {d}", "{d} goes {t}",
        "move {t} {d} without lifting it", "without picking it up, move {t} {d}", "push from the side so {t} goes {d}",
        "get {t} out of the way, {d}", "let {t} move {d}, give it a shove", "{d}, {t}", "sweep {t} {d}", "{t}: {d}!",
        "give {t} a shove {d}", "give {t} a nudge {d}", "make {t} go {d}", "let {t} slip {d}", "{t} has to move {d}",
        "could {t} go {d}", "keep {t} on the table and slide it {d}", "I'd like {t} {d}", "push so that {t} is {d}",
    ),
    "drawer open": (
        "I need to get into {t}", "let me see what is in {t}", "{t} open", "open, {t}", "{t} out",
        "{t} needs opening",
        "could {t} be opened", "leave {t} open", "have {t} opened up", "tug {t} open", "draw {t} outwards", "yank {t}",
        "pull {t} outward", "draw {t} out", "slide {t} outwards", "extend {t}", "pop {t} open", "crack {t} open",
        "let me look inside {t}", "show me what is inside {t}", "I want to put something in {t}", "yank {t} open",
        "pull {t} towards you by its handle", "ease {t} open", "jerk {t} open", "bring {t} out", "unclose {t}",
        "give me access to {t}", "reveal what {t} holds", "haul {t} out", "{t} is closed, open it",
        "{t} is still closed, open it", "{t} is still shut, pull it open", "tug at {t}",
        "grab the handle and open {t}", "pull the handle of {t}", "let {t} come out", "roll {t} open", "expose {t}",
        "make {t} accessible", "{t} is shut, pull it out", "widen {t}", "unlock {t}", "reach for the handle, open {t}",
    ),
    "drawer close": (
        "{t} should not stay open", "{t} shut", "close, {t}", "{t} in", "{t} needs closing", "could {t} be closed",
        "leave {t} closed", "{t} is open, close it", "{t} is still open, close it", "{t} was left open, shut it",
        "give {t} a push so it closes", "have {t} shut again", "seal {t}",
        "push {t} home", "slam {t}", "slam {t} shut", "bang {t} shut", "nudge {t} shut", "shove {t} in", "retract {t}",
        "shove {t} shut", "send {t} back in", "tuck {t} in", "tuck {t} back in", "return {t} to its place", "lock {t}",
        "push {t} all the way in", "push {t} inwards", "slide {t} inwards", "move {t} back in", "press {t} shut",
        "{t} is sticking out, push it in", "make sure {t} is not open", "don't leave {t} open", "drive {t} in",
        "put {t} back in", "get {t} to close", "close off {t}", "ease {t} shut", "{t} goes back in", "bring {t} in",
        "nobody needs {t} any more, close it", "pop {t} shut", "fold {t} in", "roll {t} shut",
        "push {t} until it stops",
    ),
    "button": (
        "{t} down", "{t} needs a press", "I need {t} pressed", "have {t} pressed", "give {t} a push", "{t} please",
        "put a finger on {t}", "push your finger on {t}", "{t} must be pushed", "could {t} be pressed", "go for {t}",
        "press {t} in", "{t}, press", "bump {t}", "do {t}", "{t}, push", "ring {t}", "buzz {t}", "fire {t}",
        "set off {t}",
        "turn on {t}", "switch {t} on", "give {t} a tap", "give {t} a poke", "give {t} a click", "lean on {t}",
        "boop {t}",
        "make {t} go down", "put some pressure on {t}", "let your finger go down on {t}", "land on {t}", "flick {t}",
        "smash {t}", "stab {t}", "toggle {t}", "mash {t}", "push in {t}", "sink {t}", "apply pressure to {t}",
        "launch {t}",
    ),
}  # fmt: skip
PUT: Final = (
    "{t} {p} {c}",
    "{t} belongs {p} {c}",
    "{t} must go {p} {c}",
    "I want {t} {p} {c}",
    "{t} needs to be {p} {c}",
    "let {t} end up {p} {c}",
    "have {t} sit {p} {c}",
    "{p} {c} goes {t}",
    "{p} {c} I want {t}",
    "{c} should hold {t}",
    "make {c} hold {t}",
    "find {t} a home {p} {c}",
    "{t} wants to be {p} {c}",
    "I would love to see {t} {p} {c}",
    "could {t} be moved {p} {c}",
    "{c} is where {t} belongs",
    "get {t} and leave it {p} {c}",
    "{t} then {p} {c}",
    "let's have {t} {p} {c}",
    "I'd prefer {t} {p} {c}",
    "find {t} and release it {p} {c}",
    "carry {t} over to {c}",
    "let {t} rest {p} {c}",
    "take {t} over to {c} and leave it there",
    "{c} is waiting for {t}",
    "{c} needs {t}",
    "move {t} so it is {p} {c}",
    "transfer {t}, it goes {p} {c}",
    "let go of {t} {p} {c}",
    "deliver {t} to {c}",
    "use {c} for {t}",
    "store {t} {p} {c}",
    "keep {t} {p} {c}",
    "bring {t} over, {p} {c}",
    "I'd like {t} {p} {c}",
    "have {t} put {p} {c}",
    "get {t} to be {p} {c}",
    "drop off {t} {p} {c}",
    "hang on to {t}, then put it {p} {c}",
    "could {t} be put {p} {c}",
    "{t} has to land {p} {c}",
    "relocate {t}: {p} {c}",
    "send {t} {p} {c}",
)
PUT_THERE: Final = {
    "bowl": (
        "fill {c} with {t}", "load {c} with {t}", "{c} should contain {t}", "let {t} fall {p} {c}", "dunk {t} {p} {c}",
        "I want {c} to contain {t}", "let {t} drop {p} {c}", "make {t} disappear in {c}", "chuck {t} {p} {c}",
        "throw {t} {p} {c}", "release {t} over {c}", "empty your hand of {t} over {c}", "{c} wants {t} inside",
        "put {t} in there, in {c}", "tip {t} {p} {c}",
    ),
    "plate": (
        "serve {t} {p} {c}", "dish up {t} {p} {c}", "serve me {t} {p} {c}", "present {t} {p} {c}", "plate {t}",
        "{c} should carry {t}", "display {t} {p} {c}", "{t} is to be served {p} {c}", "set {c} with {t}",
        "release {t} over {c}", "{c} should have {t} on it", "let {t} lie {p} {c}",
    ),
    "stack": (
        "top {c} with {t}", "with {c} as the base, add {t} on top", "crown {c} with {t}", "cap {c} with {t}",
        "use {c} as a base and put {t} on it", "{c} at the bottom, {t} at the top", "{t} on top, {c} below",
        "make a tower of {t} over {c}", "{c} is the foundation, {t} comes on top", "let {c} carry {t}",
        "{c} first, then {t} on top of it", "pile up {c} and then {t}", "a tower: {c} below and {t} above",
        "build a tower with {t} on top of {c}", "{t} on {c}", "{c} stays, {t} goes on top", "top off {c} with {t}",
        "carry {t} to {c} and leave it on top", "take {t} and add it on top of {c}", "{t} should stand {p} {c}",
        "make {t} sit on {c}", "{c} gets {t} on top", "could {t} be stacked {p} {c}", "plant {t} {p} {c}",
        "make a pile with {c} underneath and {t} on top", "height matters: {t} {p} {c}", "stack them, {t} {p} {c}",
        "{t} is the upper one and {c} the lower one", "let {t} ride {p} {c}", "{c} supports {t}", "perch {t} {p} {c}",
        "on top of {c} there should be {t}", "leave {t} on top of {c}", "put {t} over {c}, like a tower",
    ),
}  # fmt: skip
DOING: Final = (
    "{ing} would be great", "how about {ing}?", "would you mind {ing}?", "do you mind {ing}", "try {ing}",
    "start {ing}",
    "{ing} is what I need", "I suggest {ing}", "your job is {ing}", "can you help by {ing}?", "what about {ing}?",
    "{ing} is next", "please begin {ing}", "I am thinking of {ing}", "{ing}, please", "help me with {ing}",
    "thanks for {ing}",
)  # fmt: skip
DONE: Final = (
    "I'd be glad if you {did}", "it would help if you {did}", "it's time you {did}", "I'd appreciate it if you {did}",
    "it would be nice if you {did}", "it would be lovely if you {did}", "what if you {did}", "I wish you {did}",
    "I'd be happy if you {did}", "would be cool if you {did}", "I'd love it if you {did}", "suppose you {did}",
)  # fmt: skip
FORMS: Final = {
    "pick": (
        ("picking up {t}", "picked up {t}"), ("lifting {t}", "lifted {t}"), ("grabbing {t}", "grabbed {t}"),
        ("raising {t}", "raised {t}"), ("taking {t}", "took {t}"), ("holding {t} up", "held {t} up"),
    ),
    "put": (
        ("putting {t} {p} {c}", "put {t} {p} {c}"), ("placing {t} {p} {c}", "placed {t} {p} {c}"),
        ("moving {t} {p} {c}", "moved {t} {p} {c}"), ("dropping {t} {p} {c}", "dropped {t} {p} {c}"),
        ("setting {t} {p} {c}", "set {t} {p} {c}"), ("laying {t} {p} {c}", "laid {t} {p} {c}"),
    ),
    "stack": (
        ("stacking {t} {p} {c}", "stacked {t} {p} {c}"), ("putting {t} {p} {c}", "put {t} {p} {c}"),
        ("placing {t} {p} {c}", "placed {t} {p} {c}"), ("setting {t} on top of {c}", "set {t} on top of {c}"),
        ("piling {t} {p} {c}", "piled {t} {p} {c}"),
    ),
    "push": (
        ("pushing {t} {d}", "pushed {t} {d}"), ("sliding {t} {d}", "slid {t} {d}"), ("moving {t} {d}", "moved {t} {d}"),
        ("shoving {t} {d}", "shoved {t} {d}"), ("nudging {t} {d}", "nudged {t} {d}"),
    ),
    "drawer open": (
        ("opening {t}", "opened {t}"), ("pulling {t} open", "pulled {t} open"), ("pulling out {t}", "pulled out {t}"),
    ),
    "drawer close": (
        ("closing {t}", "closed {t}"), ("shutting {t}", "shut {t}"), ("pushing {t} in", "pushed {t} in"),
    ),
    "button": (
        ("pressing {t}", "pressed {t}"), ("pushing {t}", "pushed {t}"), ("hitting {t}", "hit {t}"),
        ("tapping {t}", "tapped {t}"), ("touching {t}", "touched {t}"),
    ),
}  # fmt: skip
"""doing it, and done it"""  # fmt: skip
SAID: Final = (
    "{c} {s}", "{c} {s}", "{c} {s}", "{c} {s}", "{c} {s}", "{c}-coloured {s}", "{c} colored {s}", "{s} that is {c}",
    "{s} in {c}", "{s} which is {c}", "{c} little {s}", "{s}, the {c} one", "{c} {s} there",
)  # fmt: skip
