package example;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.groundwire.v1.AnswerRequest;
import io.groundwire.v1.AnswerServiceGrpc;
import io.groundwire.v1.NextStep;
import io.groundwire.v1.Outcome;
import io.groundwire.v1.OutcomeProto;
import io.groundwire.v1.Question;
import io.groundwire.v1.Span;
import io.groundwire.v1.StreamAnswerRequest;
import io.groundwire.v1.StreamAnswerResponse;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;

/** What a client of groundwire does in Java, by the names that the contract gives its classes. */
final class Caller {
  private final AnswerServiceGrpc.AnswerServiceBlockingStub answers;

  Caller(Channel channel) {
    answers = AnswerServiceGrpc.newBlockingStub(channel).withDeadlineAfter(10, TimeUnit.SECONDS);
  }

  String ask(String text) {
    Question question = Question.newBuilder().setText(text).build();
    Outcome outcome = answers.answer(AnswerRequest.newBuilder().setQuestion(question).build()).getOutcome();
    // A value that this client does not know reads as DO_NOT_RETRY.
    return outcome.getNextStep() == NextStep.NEXT_STEP_SHOW ? outcome.getAnswered().getAnswer().getText() : "";
  }

  /** Asks for one of its users, who keeps the arm that is returned; empty without an experiment. */
  String arm(String text, String endUser) {
    Question question =
        Question.newBuilder().setText(text).putContext("plan", "pro").setEndUserId(endUser).build();
    return answers
        .answer(AnswerRequest.newBuilder().setQuestion(question).build())
        .getOutcome()
        .getReport()
        .getExperimentArm();
  }

  /** Reads a stream until it is left, which ends its run. */
  String begin(String text) {
    Question question = Question.newBuilder().setText(text).build();
    try (Context.CancellableContext context = Context.current().withCancellation()) {
      StringBuilder written = new StringBuilder();
      context.run(
          () -> {
            Iterator<StreamAnswerResponse> events =
                answers.streamAnswer(StreamAnswerRequest.newBuilder().setQuestion(question).build());
            while (written.isEmpty() && events.hasNext()) {
              written.append(events.next().getTextDelta().getText());
            }
          });
      return written.toString();
    }
  }

  static String cut(String text, Span span) {
    return text.substring(span.getStartUtf16Unit(), span.getEndUtf16Unit());
  }

  static String reason(StatusRuntimeException failed) throws InvalidProtocolBufferException {
    for (com.google.protobuf.Any detail : StatusProto.fromThrowable(failed).getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        return detail.unpack(ErrorInfo.class).getReason();
      }
    }
    return "";
  }

  static String file() {
    return OutcomeProto.getDescriptor().getName();
  }
}
