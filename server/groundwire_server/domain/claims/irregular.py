"""Irregular English forms, for comparing words only."""

_FORMS = """
arose arisen arise; ate eaten eat; awoke awoken awake; beat beaten beat; became become; began begun begin; bent bend;
bit bitten bite; bled bleed; blew blown blow; bore borne born bear; bought buy; bound bind; bred breed; broke broken
break; brought bring; built build; burnt burn; came come; caught catch; chose chosen choose; clung cling; crept creep;
dealt deal; did done does do; drank drunk drink; drawn drew draw; drove driven drive; dug dig; dwelt dwell; fed feed;
fell fallen fall; felt feel; fled flee; flew flown fly; forbade forbidden forbid; forgot forgotten forget; fought
fight; found find; froze frozen freeze; gave given give; gone went goes go; got gotten get; grew grown grow; ground
grind; had has have; heard hear; held hold; hid hidden hide; hung hang; kept keep; knew known know; laid lay; learnt
learn; led lead; left leave; lent lend; lit light; lost lose; made make; meant mean; met meet; mistook mistaken
mistake; overcame overcome; overtook overtaken overtake; overthrew overthrown overthrow; paid pay; proven prove; rang
rung ring; ran run; rebuilt rebuild; rode ridden ride; rose risen rise; said say; sang sung sing; sank sunk sink; sat
sit; saw seen see; sent send; shook shaken shake; shot shoot; showed shown show; shrank shrunk shrink; slept sleep;
slid slide; sold sell; sought seek; spent spend; spoke spoken speak; spun spin; sprang sprung spring; stole stolen
steal; stood stand; stuck stick; struck stricken strike; swam swum swim; swept sweep; swore sworn swear; swung swing;
taken took take; taught teach; thought think; threw thrown throw; told tell; tore torn tear; understood understand;
underwent undergone undergo; undertook undertaken undertake; upheld uphold; withdrew withdrawn withdraw; withheld
withhold; withstood withstand; woke woken wake; won win; wore worn wear; wove woven weave; written wrote write; men
man; women woman; children child; people person; feet foot; teeth tooth; mice mouse; lives life; wives wife; leaves
leaf; halves half; knives knife; shelves shelf; thieves thief; wolves wolf; data datum; media medium; criteria
criterion; phenomena phenomenon; analyses analysis; crises crisis; bases basis; theses thesis; indices index; matrices
matrix; vertices vertex; appendices appendix; better good; best good; worse bad; worst bad; further far; deaths death;
died dies dying death die dead; lay lain lie; choice choose; growth grow; loss lose; sale sell; belief believe; proof
prove; flight fly; thought think; weight weigh; height high; length long; width wide; depth deep; strength strong;
speech speak; birth born; knowledge know; choice choose; payment pay; defence defense; licence license; colour color;
french france; german germany; spanish spain; dutch netherlands holland netherlands; english england; british britain;
italian italy; swiss switzerland; danish denmark; swedish sweden; norwegian norway; finnish finland; polish poland;
greek greece; turkish turkey; irish ireland; welsh wales; scottish scots scotland; portuguese portugal; belgian
belgium; chinese china; japanese japan; american americans america; european europe; russian russia; indian india;
egyptian egypt; norman normandy; centre center; labour labor; behaviour behavior; programme program; metre meter;
litre liter; grey gray; tonne ton
"""
"""The base form last; before it what is led back to it, nouns of the same root and British spellings among them."""

IRREGULAR = {form: base for *forms, base in map(str.split, _FORMS.split(";")) for form in forms}
"""Base forms by irregular forms."""
