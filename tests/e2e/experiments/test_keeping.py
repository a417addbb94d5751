"""An arm is kept through the queue and its worker, through reviews, earlier answers and calls that are sent again."""

from pathlib import Path

from groundwire import Client, Question
from tests.e2e.experiments.splitting import QUESTION, ROUTE, configured, split, splitting

CANDIDATE = "second-model/candidate"
BROKEN = """
providers: {gone: {kind: openai, base_url: "http://127.0.0.1:9/v1", residency: self_hosted}}
"""


async def test_a_fallback_within_an_arm_belongs_to_the_arm(tmp_path: Path) -> None:
    text = configured(tmp_path).replace("models:\n", "models:\n  broken: {kind: openai, provider: gone, model: m}\n", 1)
    async with splitting(tmp_path, text + BROKEN) as place:
        await place.client.apply_experiment(split(settings="{models: [broken, second]}", share=99))

        outcome = await place.answer("user-1")

        report = outcome.report
        assert (report.attempts, report.experiment_arm, report.model) == (2, CANDIDATE, "second")


async def test_a_queued_question_keeps_its_arm_and_is_answered_by_it(tmp_path: Path) -> None:
    async with splitting(tmp_path) as place:
        await place.client.apply_experiment(split())
        seen = set()
        for number in range(6):
            user = f"user-{number}"
            expected = (await place.answer(user)).report
            operation = await place.client.submit(Question(text=QUESTION, end_user_id=user))
            report = (await operation.wait(30)).report
            assert (report.experiment_arm, report.model) == (expected.experiment_arm, expected.model)
            seen.add(report.experiment_arm)
        assert len(seen) == 2


async def test_a_queued_question_is_counted_for_its_arm_although_that_has_ended(tmp_path: Path) -> None:
    """Nobody works on it before the arm has ended; a server that starts later has no variant for it."""
    idle = configured(tmp_path).replace("queue: {", "queue: {concurrent: 0, ")
    async with splitting(tmp_path, idle) as place:
        await place.client.apply_experiment(split(share=99))
        assert (await place.answer("user-1")).report.experiment_arm == CANDIDATE
        name = (await place.client.submit(Question(text=QUESTION, end_user_id="user-1"))).name
        await place.client.end_experiment("second-model")
    async with splitting(tmp_path) as place:
        report = (await place.client.operation(name).wait(30)).report
        assert (report.experiment_arm, report.model) == (CANDIDATE, "first")


async def test_an_earlier_answer_is_that_of_the_arm(tmp_path: Path) -> None:
    async with splitting(tmp_path, configured(tmp_path, f"{ROUTE}, cache: {{serve_fresh: true}}")) as place:
        await place.client.apply_experiment(split())
        first = await place.arms()
        users = {arm: user for user, (arm, _) in first.items()}

        for arm, user in users.items():
            outcome = await place.answer(user)
            assert (outcome.kind, outcome.report.experiment_arm) == ("cached", arm)
            assert outcome.report.model == ""
        # A new arm of the same users has answers of its own.
        await place.client.end_experiment("second-model")
        assert (await place.answer(users[CANDIDATE])).kind == "answered"


async def test_a_call_that_is_sent_again_after_a_step_of_the_ramp_is_the_same_run(tmp_path: Path) -> None:
    async with splitting(tmp_path) as place:
        await place.client.apply_experiment(split(share=99, more="traffic: 0"))
        before = await place.answer("user-1", request_id="order-4711")
        await place.client.apply_experiment(split(share=99, more="traffic: 100"))

        again = await place.answer("user-1", request_id="order-4711")
        assert again.message == before.message
        assert again.report.experiment_arm == ""
        assert (await place.answer("user-1", request_id="order-4712")).report.experiment_arm == CANDIDATE


async def test_a_review_keeps_the_arm_although_that_has_ended(tmp_path: Path) -> None:
    async with splitting(tmp_path, configured(tmp_path, f"{ROUTE}, review: {{enabled: true, always: true}}")) as place:
        await place.client.apply_experiment(split(share=99))
        waiting = await place.answer("user-1")
        assert (waiting.kind, waiting.report.experiment_arm) == ("in_review", CANDIDATE)
        await place.client.end_experiment("second-model")

        async with Client(place.server.address, tenant="acme", subject="rita", principals=["staff"]) as rita:
            ticket = waiting.message.in_review.ticket
            await rita.claim_review(ticket)
            await rita.approve_review(ticket)

        report = (await place.client.operation(waiting.message.in_review.operation).wait(30)).report
        assert (report.experiment_arm, report.model) == (CANDIDATE, "second")
