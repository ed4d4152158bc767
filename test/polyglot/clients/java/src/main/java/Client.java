import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.util.concurrent.TimeUnit;
import polyglot.v1.ScriptOuterClass.Report;
import polyglot.v1.ScriptOuterClass.Script;
import polyglot.v1.ScriptOuterClass.Tls;
import testing.v1.EverythingDuplexServiceGrpc;

/** Plays a script: a Script on stdin, a Report on stdout. */
public class Client {
  public static void main(String[] args) throws Exception {
    Script script = Script.parseFrom(System.in);
    ManagedChannel channel = Grpc.newChannelBuilder(script.getAddress(), credentials(script)).build();
    play(script, channel).writeTo(System.out);
    System.out.flush();
    channel.shutdownNow();
  }

  static Report play(Script script, ManagedChannel channel) throws InterruptedException {
    var stub = EverythingDuplexServiceGrpc.newBlockingV2Stub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata(script)));
    if (script.getDeadlineMs() > 0) {
      stub = stub.withDeadlineAfter(script.getDeadlineMs(), TimeUnit.MILLISECONDS);
    }
    var stream = stub.connect();
    var report = Report.newBuilder();
    long question = 0;
    try {
      boolean open = true;
      for (var step : script.getStepsList()) {
        switch (step.getKindCase()) {
          case SEND -> stream.write(step.getSend());
          case REPLY -> stream.write(step.getReply().toBuilder().setReplyTo(question).build());
          case RECEIVE -> {
            var event = stream.read();
            open = event != null;
            if (open) {
              report.addReceived(event);
              question = Math.max(question, event.getCallId());
            }
          }
          case HALF_CLOSE -> stream.halfClose();
          case CANCEL -> stream.cancel("by the client", null);
          default -> throw new IllegalArgumentException("a step of no kind");
        }
        if (!open) {
          break;
        }
      }
      while (open) {
        var event = stream.read();
        open = event != null;
        if (open) {
          report.addReceived(event);
        }
      }
    } catch (StatusException error) {
      Status status = error.getStatus();
      String message = status.getDescription() == null ? "" : status.getDescription();
      report.setCode(status.getCode().value()).setMessage(message);
    }
    return report.build();
  }

  static Metadata metadata(Script script) {
    var metadata = new Metadata();
    script.getMetadataMap().forEach((name, value) ->
        metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value));
    return metadata;
  }

  static ChannelCredentials credentials(Script script) throws Exception {
    if (!script.hasTls()) {
      return InsecureChannelCredentials.create();
    }
    Tls tls = script.getTls();
    var builder = TlsChannelCredentials.newBuilder().trustManager(tls.getCa().newInput());
    if (!tls.getCertificate().isEmpty()) {
      builder.keyManager(tls.getCertificate().newInput(), tls.getKey().newInput());
    }
    return builder.build();
  }
}
