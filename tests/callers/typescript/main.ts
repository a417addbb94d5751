// A caller in TypeScript: it does what a client of groundwire has to do, and prints a line of JSON for each step.
//
// Everything it knows of groundwire is generated from protos/callers.
import { type ClientReadableStream, Metadata, type ServiceError, credentials } from "@grpc/grpc-js";
import type { Operation } from "./generated/google/longrunning/operations.js";
import { BadRequest, ErrorInfo, RetryInfo } from "./generated/google/rpc/error_details.js";
import { Status } from "./generated/google/rpc/status.js";
import {
  AnswerRequest,
  AnswerResponse,
  AnswerServiceClient,
  CancelAnswerRequest,
  CancelAnswerResponse,
  StreamAnswerRequest,
  StreamAnswerResponse,
  SubmitAnswerRequest,
} from "./generated/groundwire/v1/answer_service.js";
import {
  CheckGroundingRequest,
  CheckGroundingResponse,
  GroundingServiceClient,
} from "./generated/groundwire/v1/grounding_service.js";
import { Question } from "./generated/groundwire/v1/question.js";
import { RetrievalServiceClient, RetrieveRequest, RetrieveResponse } from "./generated/groundwire/v1/retrieval_service.js";
import { ListRoutesResponse, RouteServiceClient } from "./generated/groundwire/v1/route_service.js";
import { GetServerInfoResponse, ServerInfoServiceClient } from "./generated/groundwire/v1/server_info_service.js";

const PATIENCE_SECONDS = 30;
const REQUEST_ID = "caller-1";

const address = process.argv[2]!;
const insecure = credentials.createInsecure();
const answers = new AnswerServiceClient(address, insecure);
const retrieval = new RetrievalServiceClient(address, insecure);
const grounding = new GroundingServiceClient(address, insecure);
const routes = new RouteServiceClient(address, insecure);
const server = new ServerInfoServiceClient(address, insecure);

const metadata = new Metadata();
metadata.set("groundwire-tenant", "acme");
metadata.set("groundwire-principals", "staff");
const options = { deadline: Date.now() + PATIENCE_SECONDS * 1000 };

const question: Question = Question.create({ text: "Where are parcels signed for?" });
const window = { seconds: PATIENCE_SECONDS, nanos: 0 };

type Fields = Record<string, unknown>;
type Callback<T> = (error: ServiceError | null, response: T) => void;

/** Asks what the server offers and which routes there are. */
async function describes(): Promise<void> {
  const { serverInfo } = await call<GetServerInfoResponse>((back) => server.getServerInfo({}, metadata, options, back));
  const listed = await call<ListRoutesResponse>((back) =>
    routes.listRoutes({ pageSize: 0, pageToken: "" }, metadata, options, back),
  );
  tell("describes", {
    tenant: serverInfo?.caller?.tenant,
    documentBytes: serverInfo?.limits?.documentBytes,
    routes: listed.routes.map((route) => route.name),
  });
}

/** Gets an answer for one of its users as one message, and cuts its text by the spans of its citations. */
async function asks(): Promise<void> {
  const asked = { ...question, context: { plan: "pro" }, endUserId: "visitor-4711" };
  const request = AnswerRequest.create({ question: asked });
  const { outcome } = await call<AnswerResponse>((back) => answers.answer(request, metadata, options, back));
  const answer = outcome?.answered?.answer;
  tell("asks", {
    nextStep: outcome?.nextStep,
    weakest: outcome?.weakestVerdict,
    verified: answer?.verified,
    text: answer?.text,
    cited: answer?.citations.map(({ span }) => answer.text.slice(span?.startUtf16Unit, span?.endUtf16Unit)),
    verdicts: answer?.sentences.map((sentence) => sentence.verdict),
    usage: outcome?.report?.usage[0]?.inputTokens,
    prompt: outcome?.report?.promptName,
    arm: outcome?.report?.experimentArm,
  });
}

/** Reads an answer as it comes about. */
async function streams(): Promise<void> {
  const { text, last } = await read(answers.streamAnswer(StreamAnswerRequest.create({ question }), metadata, options));
  tell("streams", { text, final: last?.outcome?.answered?.answer?.text });
}

/** Has a text checked against a fact, sentence by sentence. */
async function checks(): Promise<void> {
  const facts = { facts: [{ factId: "f1", title: "", sourceUri: "", text: "Parcels are kept for thirty days." }] };
  const request = CheckGroundingRequest.create({ text: "Parcels are kept for thirty days. Bananas ripen.", facts });
  const events: CheckGroundingResponse[] = await grounding.checkGrounding(request, metadata, options).toArray();
  tell("checks", {
    verdicts: events.flatMap(({ sentence }) => sentence?.sentence?.verdict ?? []),
    verified: events.at(-1)?.summary?.verified,
  });
}

/** Tells an invalid request, one that may be sent again and one that is not offered apart by their details. */
async function readsErrors(): Promise<void> {
  const invalid = AnswerRequest.create({ question: { route: "No!" } });
  tell("invalid", await details(call<AnswerResponse>((back) => answers.answer(invalid, metadata, options, back))));
  const search = RetrieveRequest.create({ text: "parcels", route: "vectors" });
  tell(
    "unavailable",
    await details(call<RetrieveResponse>((back) => retrieval.retrieve(search, metadata, options, back))),
  );
  const webhook = { url: "https://hooks.example/answers", includeAnswer: false };
  const later = SubmitAnswerRequest.create({ question, webhook });
  tell("unoffered", await details(call<Operation>((back) => answers.submitAnswer(later, metadata, options, back))));
}

/** Leaves a stream without a window: the run ends with it. */
async function cancels(): Promise<void> {
  const stream = answers.streamAnswer(StreamAnswerRequest.create({ question }), metadata, options);
  await read(stream, hasText);
  stream.cancel();
  const { code } = await details(read(stream));
  tell("cancels", { code });
}

/** Loses a stream that has a window, and reads on where it was. */
async function resumes(): Promise<void> {
  const request = StreamAnswerRequest.create({ question, requestId: REQUEST_ID, resumeWindow: window });
  const lost = answers.streamAnswer(request, metadata, options);
  const before = await read(lost, hasText);
  lost.cancel();
  tell("loses", { text: before.text });
  request.afterSequence = before.last!.sequence;
  const stream = answers.streamAnswer(request, metadata, options);
  const first = await read(stream, () => true);
  const after = await read(stream);
  tell("resumes", {
    skipped: first.last!.sequence - before.last!.sequence - 1,
    text: before.text + first.text + after.text,
    final: after.last?.outcome?.answered?.answer?.text,
  });
}

/** Stops a run by its name. */
async function ends(): Promise<void> {
  const requestId = `${REQUEST_ID}-ends`;
  const request = StreamAnswerRequest.create({ question, requestId, resumeWindow: window });
  const stream = answers.streamAnswer(request, metadata, options);
  await read(stream, hasText);
  const rest = details(read(stream));
  const named = CancelAnswerRequest.create({ requestId });
  const { cancelled } = await call<CancelAnswerResponse>((back) => answers.cancelAnswer(named, metadata, options, back));
  tell("ends", { ...(await rest), cancelled });
}

function hasText(event: StreamAnswerResponse): boolean {
  return event.textDelta !== undefined;
}

/** Reads a stream to its end, or to the first event that `until` wants; the text, and the last event. */
async function read<T extends object>(
  stream: ClientReadableStream<T>,
  until: (event: T) => boolean = () => false,
): Promise<{ text: string; last: T | undefined }> {
  return new Promise((resolve, reject) => {
    let text = "";
    let last: T | undefined;
    const take = (event: T): void => {
      last = event;
      text += "textDelta" in event ? ((event.textDelta as { text: string } | undefined)?.text ?? "") : "";
      if (until(event)) {
        done(() => resolve({ text, last }));
      }
    };
    const end = (): void => done(() => resolve({ text, last }));
    const fail = (error: Error): void => done(() => reject(error));
    const done = (settle: () => void): void => {
      stream.pause();
      stream.off("data", take).off("end", end).off("error", fail);
      settle();
    };
    // A stream that is left fails once more, when nobody listens any more.
    stream.on("error", () => {});
    stream.on("data", take).on("end", end).on("error", fail).resume();
  });
}

async function call<T>(make: (back: Callback<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    make((error, response) => (error ? reject(error) : resolve(response)));
  });
}

/** Reads everything that a failed call says. */
async function details(failing: Promise<unknown>): Promise<Fields> {
  const error = await failing.then(
    () => {
      throw new Error("the call should have failed");
    },
    (failed: ServiceError) => failed,
  );
  const found: Fields = { code: error.code };
  const [packed] = error.metadata.get("grpc-status-details-bin");
  for (const { typeUrl, value } of packed instanceof Buffer ? Status.decode(packed).details : []) {
    switch (typeUrl) {
      case "type.googleapis.com/google.rpc.ErrorInfo":
        Object.assign(found, ErrorInfo.toJSON(ErrorInfo.decode(value)));
        break;
      case "type.googleapis.com/google.rpc.BadRequest":
        found.fields = BadRequest.decode(value).fieldViolations.map((violation) => violation.field);
        break;
      case "type.googleapis.com/google.rpc.RetryInfo": {
        const delay = RetryInfo.decode(value).retryDelay!;
        found.retryAfterMs = delay.seconds * 1000 + delay.nanos / 1e6;
        break;
      }
    }
  }
  const [pushback] = error.metadata.get("grpc-retry-pushback-ms");
  return pushback === undefined ? found : { ...found, pushbackMs: pushback };
}

function tell(step: string, about: Fields): void {
  console.log(JSON.stringify({ step, ...about }));
}

await describes();
await asks();
await streams();
await checks();
await readsErrors();
await cancels();
await resumes();
await ends();
