"""Names of numbers, months, units and currencies."""

_NUMBERS = {
    0: "zero null",
    1: "one eins",
    2: "two zwei deux",
    3: "three drei trois tres tre",
    4: "four vier quatre cuatro quattro",
    5: "five funf cinq cinco cinque",
    6: "six sechs seis",
    7: "seven sieben siete sette",
    8: "eight acht huit ocho otto",
    9: "nine neun neuf nueve nove",
    10: "ten zehn dix diez dieci",
    11: "eleven elf onze undici",
    12: "twelve zwolf douze doce dodici dozen",
    13: "thirteen dreizehn treize",
    14: "fourteen vierzehn quatorze",
    15: "fifteen funfzehn quinze",
    16: "sixteen sechzehn seize",
    17: "seventeen siebzehn",
    18: "eighteen achtzehn",
    19: "nineteen neunzehn",
    20: "twenty zwanzig vingt veinte venti",
    30: "thirty dreissig trente treinta trenta",
    40: "forty vierzig quarante cuarenta quaranta",
    50: "fifty funfzig cinquante cincuenta cinquanta",
    60: "sixty sechzig soixante sesenta sessanta",
    70: "seventy siebzig setenta settanta",
    80: "eighty achtzig ochenta ottanta",
    90: "ninety neunzig noventa novanta",
}
NUMBER_WORDS = {word: float(value) for value, words in _NUMBERS.items() for word in words.split()}
"""Values by folded names."""

_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth twentieth"
)
ORDINALS = {word: float(place) for place, word in enumerate(_ORDINALS.split(), start=1)}
"""Values by folded names."""

SCALES = {
    "hundred": 1e2,
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "millions": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "billions": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
    "tausend": 1e3,
    "millionen": 1e6,
    "milliarde": 1e9,
    "milliarden": 1e9,
    "mille": 1e3,
    "milliard": 1e9,
    "milliards": 1e9,
    "mil": 1e3,
    "millones": 1e6,
    "lakh": 1e5,
    "crore": 1e7,
    "tsd": 1e3,
    "mio": 1e6,
    "mrd": 1e9,
}
"""Factors by folded names."""

FRACTIONS = {
    "half": 1 / 2,
    "halves": 1 / 2,
    "third": 1 / 3,
    "thirds": 1 / 3,
    "quarter": 1 / 4,
    "quarters": 1 / 4,
    "fourths": 1 / 4,
    "fifth": 1 / 5,
    "fifths": 1 / 5,
    "sixth": 1 / 6,
    "sixths": 1 / 6,
    "eighth": 1 / 8,
    "eighths": 1 / 8,
    "tenth": 1 / 10,
    "tenths": 1 / 10,
    "1⁄2": 1 / 2,
    "1⁄3": 1 / 3,
    "2⁄3": 2 / 3,
    "1⁄4": 1 / 4,
    "3⁄4": 3 / 4,
    "halfte": 1 / 2,
    "halb": 1 / 2,
    "halbe": 1 / 2,
    "drittel": 1 / 3,
    "viertel": 1 / 4,
    "moitie": 1 / 2,
    "tiers": 1 / 3,
}
"""Values of parts of one, by folded names."""

_MONTHS = (
    "january jan januar janvier enero gennaio januari; february feb februar fevrier febrero febbraio februari;"
    " march mar marz mars marzo maart; april apr avril abril aprile; may mai mayo maggio mei; june jun juni juin junio"
    " giugno; july jul juli juillet julio luglio; august aug aout agosto augustus; september sep sept septembre"
    " septiembre settembre; october oct oktober octobre octubre ottobre okt; november nov novembre noviembre;"
    " december dec dezember decembre diciembre dicembre dez"
)
MONTHS = {name: month for month, names in enumerate(_MONTHS.split(";"), start=1) for name in names.split()}
"""Months by folded names."""

_UNITS: dict[str, dict[float, str]] = {
    "%": {0.01: "% percent pct prozent percentage pourcent", 0.001: "‰ permille promille"},
    "time": {
        1e-9: "ns nanosecond nanoseconds",
        1e-6: "us µs microsecond microseconds",
        1e-3: "ms millisecond milliseconds millisekunden",
        1: "s sec secs second seconds sekunde sekunden seconde secondes",
        60: "min mins minute minutes minuten",
        3600: "h hr hrs hour hours stunde stunden heure heures",
        86400: "d day days tag tage tagen jour jours",
        604800: "week weeks woche wochen semaine semaines",
        2629800: "month months monat monate monaten mois",
        31557600: "year years yr yrs jahr jahre jahren annees",
        315576000: "decade decades jahrzehnte",
        3155760000: "century centuries jahrhunderte",
    },
    "length": {
        1e-9: "nm nanometer nanometers",
        1e-6: "µm micrometer micrometers",
        1e-3: "mm millimeter millimeters millimetre millimetres",
        1e-2: "cm centimeter centimeters centimetre centimetres zentimeter",
        1: "m meter meters metre metres metern",
        1e3: "km kilometer kilometers kilometre kilometres",
        0.0254: "inch inches",
        0.3048: "ft foot feet",
        0.9144: "yd yard yards",
        1609.344: "mi mile miles meilen",
    },
    "area": {
        1: "sqm m2 m²",
        1e4: "ha hectare hectares hektar",
        1e6: "km2 km²",
        4046.8564224: "acre acres",
    },
    "mass": {
        1e-9: "µg mcg microgram micrograms",
        1e-6: "mg milligram milligrams milligramm",
        1e-3: "g gram grams gramm grammes",
        1: "kg kilogram kilograms kilogramm kilo kilos",
        1e3: "t tonne tonnes",
        907.18474: "ton tons",
        0.45359237: "lb lbs",
        0.028349523125: "oz ounce ounces",
    },
    "volume": {
        1e-3: "ml milliliter milliliters millilitre millilitres",
        1: "l liter liters litre litres",
        3.785411784: "gal gallon gallons",
        158.987294928: "barrel barrels",
    },
    "bytes": {
        0.125: "bit bits",
        1: "b byte bytes",
        1e3: "kb kilobyte kilobytes",
        1e6: "mb megabyte megabytes",
        1e9: "gb gigabyte gigabytes",
        1e12: "tb terabyte terabytes",
        1024: "kib kibibyte kibibytes",
        1024**2: "mib mebibyte mebibytes",
        1024**3: "gib gibibyte gibibytes",
        1024**4: "tib tebibyte tebibytes",
    },
    "rate": {1e3: "kbps kbit", 1e6: "mbps mbit", 1e9: "gbps gbit"},
    "frequency": {1: "hz hertz", 1e3: "khz kilohertz", 1e6: "mhz megahertz", 1e9: "ghz gigahertz"},
    "power": {1e-3: "mw_ milliwatt", 1: "w watt watts", 1e3: "kw kilowatt kilowatts", 1e6: "mw megawatt megawatts"},
    "energy": {1: "wh", 1e3: "kwh", 1e6: "mwh"},
    "voltage": {1e-3: "mv millivolt millivolts", 1: "v volt volts", 1e3: "kv kilovolt kilovolts"},
    "current": {1e-3: "ma milliampere milliamperes milliamp milliamps", 1: "ampere amperes amp amps"},
    "pressure": {1: "pa pascal", 1e3: "kpa kilopascal", 1e5: "bar bars", 1e6: "mpa megapascal", 6894.757: "psi"},
    "celsius": {1: "celsius °c"},
    "fahrenheit": {1: "fahrenheit °f"},
    "kelvin": {1: "kelvin"},
    "degree": {1: "° degree degrees grad"},
    "cents": {0.01: "cent cents"},
    "USD": {1: "$ usd dollar dollars"},
    "EUR": {1: "€ eur euro euros"},
    "GBP": {1: "£ gbp pound pounds quid", 0.01: "pence penny"},
    "JPY": {1: "¥ jpy yen"},
    "CHF": {1: "chf franc francs franken"},
    "INR": {1: "₹ inr rupee rupees"},
    "SEK": {1: "sek krona kronor"},
}
UNITS = {
    name: (dimension, factor)
    for dimension, sizes in _UNITS.items()
    for factor, names in sizes.items()
    for name in names.split()
}
"""Dimension and factor by folded names; currencies are dimensions of their own."""

CURRENCIES = frozenset(("USD", "EUR", "GBP", "JPY", "CHF", "INR", "SEK"))

CURRENCY_CODES = frozenset(("usd", "eur", "gbp", "jpy", "chf", "inr", "sek"))
"""Codes that stand before an amount, folded."""

ARTICLES = frozenset(("a", "an", "ein", "eine", "einen", "einem", "einer", "une", "un", "per", "each", "every"))
"""Words before a unit that stand for one of it, folded."""

MEASURING = frozenset((*NUMBER_WORDS, *FRACTIONS, *MONTHS, *ORDINALS, *CURRENCY_CODES, *ARTICLES, "noon", "midnight"))
"""Words that a quantity may begin with, folded."""
