"""Which models a question is for, by the rules of its route, before the first is asked."""

from dataclasses import replace

from groundwire_server.domain.inquiry import Inquiry
from groundwire_server.domain.routing import QuestionFacts, chosen
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.stage import ComputedStage, StageRunner
from groundwire_server.telemetry import names


async def budget_left(inquiry: Inquiry, ports: Ports) -> float | None:
    """Return the share left of the requester's budget of the day, where a rule looks at it; None elsewhere."""
    rules = inquiry.policy.routing
    if ports.budget is None or all(rule.condition.budget_left_below is None for rule in rules):
        return None
    return await ports.budget.left_today(inquiry.requester)


def routed(inquiry: Inquiry, left: float | None, run: StageRunner, stage: ComputedStage) -> Inquiry:
    """Return the inquiry with the models that the first rule chooses which holds; the same where none does.

    Args:
        inquiry: with its question normalized.
        left: the share left of the requester's budget of the day; None where it is not known.
        run: knows the time, and keeps the report.
        stage: notes which rule it was.
    """
    policy, question = inquiry.policy, inquiry.question
    if not policy.routing:
        return inquiry
    facts = QuestionFacts(
        question_chars=len(question.text),
        task=question.task,
        tenant=inquiry.caller.tenant,
        end_user=question.end_user_id,
        has_turns=bool(question.turns),
        priority=question.priority,
        at=run.clock.today(),
        budget_left=left,
    )
    rule = chosen(policy.routing, facts)
    if rule is None:
        return inquiry
    run.report.routing_rule = rule.name
    stage.note({names.ROUTING_RULE: rule.name})
    return replace(inquiry, policy=replace(policy, models=rule.models))
