// A caller in a web page: it reads an answer for one of its users over the gateway, by the Connect protocol.
//
// Everything it knows of groundwire is generated from protos/callers.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { AnswerService } from "./web/groundwire/v1/answer_service_pb.js";

/** Shows an answer as it comes about, and returns the arm of the experiment that its user belongs to. */
export async function ask(
  baseUrl: string,
  token: string,
  text: string,
  show: (text: string) => void,
): Promise<string | undefined> {
  const answers = createClient(AnswerService, createConnectTransport({ baseUrl, useBinaryFormat: false }));
  const question = { text, context: { plan: "pro" }, endUserId: "visitor-4711" };
  const headers = { authorization: `Bearer ${token}` };
  let arm: string | undefined;
  for await (const { event } of answers.streamAnswer({ question }, { headers })) {
    if (event.case === "textDelta") show(event.value.text);
    if (event.case === "outcome") arm = event.value.report?.experimentArm;
  }
  return arm;
}
