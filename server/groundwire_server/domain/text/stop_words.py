"""English stop words."""

_FUNCTION_WORDS = (
    "a about above across after again against all almost along already also although always am among an and"
    " another any are aren around as at away be because been before being below between both but by can cannot"
    " could couldn d did didn do does doesn doing don done down during each either else ever every few for from"
    " further get gets give given had hadn has hasn have haven having he her here hers herself him himself his"
    " how however i if in into is isn it its itself just let ll m many may me might more most much must my myself"
    " neither no nor not now of off often on once one only onto or other others our ours ourselves out over own"
    " per rather re s same shall she should shouldn since so some such t than that the their theirs them"
    " themselves then there these they this those though through thus to too toward towards under until up upon"
    " us ve very via was wasn we were weren what whatever when whenever where whether which while who whom whose"
    " why will with within without won would wouldn yes yet you your yours yourself yourselves"
)
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())
