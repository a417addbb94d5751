// A caller in Go: it does what a client of groundwire has to do, and prints a line of JSON for each step.
//
// Everything it knows of groundwire is generated from protos/callers.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "groundwire.example/caller/groundwire/v1"
)

const (
	patience  = 30 * time.Second
	requestID = "caller-1"
)

type fields = map[string]any

type caller struct {
	answers   pb.AnswerServiceClient
	retrieval pb.RetrievalServiceClient
	grounding pb.GroundingServiceClient
	routes    pb.RouteServiceClient
	server    pb.ServerInfoServiceClient
}

func main() {
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(err)
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "groundwire-tenant", "acme", "groundwire-principals", "staff")
	c := caller{
		pb.NewAnswerServiceClient(connection),
		pb.NewRetrievalServiceClient(connection),
		pb.NewGroundingServiceClient(connection),
		pb.NewRouteServiceClient(connection),
		pb.NewServerInfoServiceClient(connection),
	}
	c.describes(ctx)
	c.asks(ctx)
	c.streams(ctx)
	c.checks(ctx)
	c.readsErrors(ctx)
	c.cancels(ctx)
	c.resumes(ctx)
	c.ends(ctx)
}

func question() *pb.Question {
	return &pb.Question{Text: "Where are parcels signed for?"}
}

// describes asks what the server offers and which routes there are.
func (c caller) describes(ctx context.Context) {
	info, err := c.server.GetServerInfo(ctx, &pb.GetServerInfoRequest{})
	must(err)
	routes, err := c.routes.ListRoutes(ctx, &pb.ListRoutesRequest{})
	must(err)
	names := []string{}
	for _, route := range routes.Routes {
		names = append(names, route.Name)
	}
	limits := info.ServerInfo.Limits
	tell("describes", fields{
		"tenant":        info.ServerInfo.Caller.Tenant,
		"documentBytes": limits.DocumentBytes,
		"routes":        names,
	})
}

// asks gets an answer for one of its users as one message, and cuts its text by the spans of its citations.
func (c caller) asks(ctx context.Context) {
	asked := question()
	asked.Context = map[string]string{"plan": "pro"}
	asked.EndUserId = "visitor-4711"
	response, err := c.answers.Answer(ctx, &pb.AnswerRequest{Question: asked})
	must(err)
	outcome := response.Outcome
	answer := outcome.GetAnswered().GetAnswer()
	cited := []string{}
	for _, citation := range answer.Citations {
		cited = append(cited, answer.Text[citation.Span.StartByte:citation.Span.EndByte])
	}
	verdicts := []string{}
	for _, sentence := range answer.Sentences {
		verdicts = append(verdicts, sentence.Verdict.String())
	}
	tell("asks", fields{
		"nextStep": outcome.NextStep.String(),
		"weakest":  outcome.WeakestVerdict.String(),
		"verified": answer.Verified,
		"text":     answer.Text,
		"cited":    cited,
		"verdicts": verdicts,
		"usage":    outcome.Report.Usage[0].InputTokens,
		"prompt":   outcome.Report.PromptName,
		"arm":      outcome.Report.ExperimentArm,
	})
}

// streams reads an answer as it comes about.
func (c caller) streams(ctx context.Context) {
	stream, err := c.answers.StreamAnswer(ctx, &pb.StreamAnswerRequest{Question: question()})
	must(err)
	text, last, err := read(stream, nil)
	must(err)
	tell("streams", fields{"text": text, "final": last.GetOutcome().GetAnswered().GetAnswer().GetText()})
}

// checks has a text checked against a fact, sentence by sentence.
func (c caller) checks(ctx context.Context) {
	facts := &pb.Facts{Facts: []*pb.Fact{{FactId: "f1", Text: "Parcels are kept for thirty days."}}}
	request := &pb.CheckGroundingRequest{
		Text:     "Parcels are kept for thirty days. Bananas ripen.",
		Evidence: &pb.CheckGroundingRequest_Facts{Facts: facts},
	}
	stream, err := c.grounding.CheckGrounding(ctx, request)
	must(err)
	verdicts := []string{}
	for {
		event, err := stream.Recv()
		must(err)
		if summary := event.GetSummary(); summary != nil {
			tell("checks", fields{"verdicts": verdicts, "verified": summary.Verified})
			return
		}
		verdicts = append(verdicts, event.GetSentence().Sentence.Verdict.String())
	}
}

// readsErrors tells an invalid request, one that may be sent again and one that is not offered apart by their details.
func (c caller) readsErrors(ctx context.Context) {
	_, err := c.answers.Answer(ctx, &pb.AnswerRequest{Question: &pb.Question{Route: "No!"}})
	tell("invalid", details(err, nil))
	var trailers metadata.MD
	_, err = c.retrieval.Retrieve(ctx, &pb.RetrieveRequest{Text: "parcels", Route: "vectors"}, grpc.Trailer(&trailers))
	tell("unavailable", details(err, trailers))
	hook := &pb.Webhook{Url: "https://hooks.example/answers"}
	_, err = c.answers.SubmitAnswer(ctx, &pb.SubmitAnswerRequest{Question: question(), Webhook: hook})
	tell("unoffered", details(err, nil))
}

// cancels leaves a stream without a window: the run ends with it.
func (c caller) cancels(ctx context.Context) {
	leaving, leave := context.WithCancel(ctx)
	stream, err := c.answers.StreamAnswer(leaving, &pb.StreamAnswerRequest{Question: question()})
	must(err)
	_, _, err = read(stream, untilText)
	must(err)
	leave()
	_, err = stream.Recv()
	tell("cancels", fields{"code": status.Code(err)})
}

// resumes loses a stream that has a window, and reads on where it was.
func (c caller) resumes(ctx context.Context) {
	request := &pb.StreamAnswerRequest{
		Question: question(), RequestId: requestID, ResumeWindow: durationpb.New(patience),
	}
	losing, lose := context.WithCancel(ctx)
	stream, err := c.answers.StreamAnswer(losing, request)
	must(err)
	before, last, err := read(stream, untilText)
	must(err)
	lose()
	tell("loses", fields{"text": before})
	request.AfterSequence = &last.Sequence
	stream, err = c.answers.StreamAnswer(ctx, request)
	must(err)
	first, err := stream.Recv()
	must(err)
	after, end, err := read(stream, nil)
	must(err)
	tell("resumes", fields{
		"skipped": first.Sequence - last.Sequence - 1,
		"text":    before + first.GetTextDelta().GetText() + after,
		"final":   end.GetOutcome().GetAnswered().GetAnswer().GetText(),
	})
}

// ends stops a run by its name.
func (c caller) ends(ctx context.Context) {
	const id = requestID + "-ends"
	request := &pb.StreamAnswerRequest{Question: question(), RequestId: id, ResumeWindow: durationpb.New(patience)}
	stream, err := c.answers.StreamAnswer(ctx, request)
	must(err)
	_, _, err = read(stream, untilText)
	must(err)
	response, err := c.answers.CancelAnswer(ctx, &pb.CancelAnswerRequest{RequestId: id})
	must(err)
	_, _, err = read(stream, nil)
	found := details(err, nil)
	found["cancelled"] = response.Cancelled
	tell("ends", found)
}

func untilText(event *pb.StreamAnswerResponse) bool {
	return event.GetTextDelta() != nil
}

// read reads a stream to its end, or to the first event that `until` wants; it returns the text, and the last event.
func read(
	stream grpc.ServerStreamingClient[pb.StreamAnswerResponse], until func(*pb.StreamAnswerResponse) bool,
) (text string, last *pb.StreamAnswerResponse, err error) {
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return text, last, nil
		}
		if err != nil {
			return text, last, err
		}
		last = event
		text += event.GetTextDelta().GetText()
		if until != nil && until(event) {
			return text, last, nil
		}
	}
}

// details reads everything that a failed call says.
func details(err error, trailers metadata.MD) fields {
	failed := status.Convert(err)
	found := fields{"code": failed.Code()}
	for _, detail := range failed.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			found["reason"], found["domain"], found["metadata"] = detail.Reason, detail.Domain, detail.Metadata
		case *errdetails.BadRequest:
			named := []string{}
			for _, violation := range detail.FieldViolations {
				named = append(named, violation.Field)
			}
			found["fields"] = named
		case *errdetails.RetryInfo:
			found["retryAfterMs"] = detail.RetryDelay.AsDuration().Milliseconds()
		}
	}
	if pushback := trailers.Get("grpc-retry-pushback-ms"); len(pushback) > 0 {
		found["pushbackMs"] = pushback[0]
	}
	if failed.Code() == codes.OK {
		log.Fatal("the call should have failed")
	}
	return found
}

func tell(step string, about fields) {
	about["step"] = step
	must(json.NewEncoder(os.Stdout).Encode(about))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
