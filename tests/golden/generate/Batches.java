// SPDX-License-Identifier: Apache-2.0
// Writes record batches with Apache Kafka's own classes, for tests/unit/record/golden_test.cc.
//
//   java -cp "$KAFKA_JARS/*" Batches.java > ../batches/kafka-4.3.1.txt
//   java -cp "$KAFKA_JARS/*" Batches.java read FILE     prints what Kafka reads in a file of batches
//
// A batch is a few lines:
//   batch NAME
//   header BASE_OFFSET LAST_OFFSET LEADER_EPOCH ATTRIBUTES BASE_TIMESTAMP MAX_TIMESTAMP
//          PRODUCER_ID PRODUCER_EPOCH BASE_SEQUENCE COUNT            (on the same line)
//   record OFFSET TIMESTAMP KEY VALUE [NAME VALUE].. where null is -, bytes are xHEX,
//          and ~SIZE stands for SIZE letters: the i-th is 'a' + i / 7 % 26
//   bytes HEX
import java.nio.ByteBuffer;
import java.nio.file.*;
import java.util.*;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.*;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.*;

public class Batches {
    static final byte MAGIC = 2;
    static final long T = 1700000000000L;

    interface Filling { void fill(MemoryRecordsBuilder to); }

    static byte[] letters(int size) {
        byte[] letters = new byte[size];
        for (int i = 0; i < size; i++) letters[i] = (byte) ('a' + i / 7 % 26);
        return letters;
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    static String shown(ByteBuffer buffer) {
        if (buffer == null) return "-";
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        if (bytes.length > 1000 && Arrays.equals(bytes, letters(bytes.length))) return "~" + bytes.length;
        return "x" + hex(bytes);
    }

    static void print(String name, MemoryRecords records) {
        for (MutableRecordBatch each : records.batches()) {
            DefaultRecordBatch batch = (DefaultRecordBatch) each;
            batch.ensureValid();
            ByteBuffer bytes = ByteBuffer.allocate(batch.sizeInBytes());
            batch.writeTo(bytes);
            System.out.println("batch " + name);
            System.out.println("header " + batch.baseOffset() + " " + batch.lastOffset() + " "
                + batch.partitionLeaderEpoch() + " " + bytes.getShort(21) + " " + bytes.getLong(27)
                + " " + batch.maxTimestamp() + " " + batch.producerId() + " " + batch.producerEpoch()
                + " " + batch.baseSequence() + " " + batch.countOrNull());
            for (org.apache.kafka.common.record.internal.Record record : batch) {
                StringBuilder line = new StringBuilder("record " + record.offset() + " "
                    + record.timestamp() + " " + shown(record.key()) + " " + shown(record.value()));
                for (Header header : record.headers()) {
                    byte[] value = header.value();
                    line.append(" x").append(hex(header.key().getBytes())).append(" ")
                        .append(shown(value == null ? null : ByteBuffer.wrap(value)));
                }
                System.out.println(line);
            }
            System.out.println("bytes " + hex(bytes.array()));
        }
    }

    static void make(String name, Compression codec, TimestampType type, long offset, long producer,
                     int epoch, int sequence, boolean transactional, boolean control, Filling filling) {
        MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1 << 20), MAGIC, codec,
            type, offset, T + 5000, producer, (short) epoch, sequence, transactional, control, 7);
        filling.fill(builder);
        print(name, builder.build());
    }

    static void plain(String name, Compression codec, Filling filling) {
        make(name, codec, TimestampType.CREATE_TIME, 0, -1, -1, -1, false, false, filling);
    }

    static void few(MemoryRecordsBuilder to) {
        to.append(T, "key".getBytes(), "value".getBytes());
        to.append(T + 3, (byte[]) null, "no key".getBytes());
        to.append(T - 10, "a deletion".getBytes(), null);
        to.append(T + 1, new byte[0], new byte[0]);
        to.append(T + 200000, "k".getBytes(), "v".getBytes(), new Header[] {
            new RecordHeader("name", "content".getBytes()), new RecordHeader("null", null),
            new RecordHeader("", new byte[0]), new RecordHeader("na\u00efve \u2603", new byte[] {0, -1})});
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 2 && arguments[0].equals("read")) {
            byte[] bytes = Files.readAllBytes(Path.of(arguments[1]));
            print("read", MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)));
            return;
        }
        Map<String, Compression> codecs = new LinkedHashMap<>();
        codecs.put("none", Compression.NONE);
        codecs.put("gzip", Compression.gzip().build());
        codecs.put("snappy", Compression.snappy().build());
        codecs.put("lz4", Compression.lz4().build());
        codecs.put("zstd", Compression.zstd().build());
        for (var codec : codecs.entrySet()) {
            plain(codec.getKey(), codec.getValue(), Batches::few);
            if (codec.getKey().equals("none")) continue;
            plain(codec.getKey() + "-large", codec.getValue(), to -> {
                to.append(T, "key".getBytes(), letters(150000));
                to.append(T, null, letters(40000));
            });
        }
        make("log-append-time", Compression.NONE, TimestampType.LOG_APPEND_TIME, 100, -1, -1, -1, false,
            false, Batches::few);
        make("idempotent", Compression.lz4().build(), TimestampType.CREATE_TIME, 12345678901L, 4000, 3,
            Integer.MAX_VALUE - 2, false, false, Batches::few);
        make("transactional", Compression.NONE, TimestampType.CREATE_TIME, 8, 4001, 0, 0, true, false,
            Batches::few);
        plain("gaps", Compression.NONE, to -> {
            to.appendWithOffset(2, T, "a".getBytes(), "1".getBytes());
            to.appendWithOffset(300, T + 1, "b".getBytes(), "2".getBytes());
            to.overrideLastOffset(70000);
        });
        plain("far-timestamps", Compression.NONE, to -> {
            to.append(0L, null, "epoch".getBytes());
            to.append(Long.MAX_VALUE, null, "the end".getBytes());
        });
        ByteBuffer empty = ByteBuffer.allocate(61);
        DefaultRecordBatch.writeEmptyHeader(empty, MAGIC, 77, (short) 2, 5, 10, 19, 7,
            TimestampType.CREATE_TIME, T, false, false);
        empty.flip();
        print("empty", MemoryRecords.readableRecords(empty));
        for (var type : List.of(ControlRecordType.COMMIT, ControlRecordType.ABORT)) {
            print("marker-" + type.name().toLowerCase(), MemoryRecords.withEndTransactionMarker(20, T, 7,
                4001, (short) 1, new EndTransactionMarker(type, 33)));
        }
        make("snapshot-header", Compression.NONE, TimestampType.CREATE_TIME, 0, -1, -1, -1, false, true,
            to -> {
                to.appendSnapshotHeaderMessage(T, new SnapshotHeaderRecord().setVersion((short) 0)
                    .setLastContainedLogTimestamp(T - 1));
                to.appendKRaftVersionMessage(T, new KRaftVersionRecord().setVersion((short) 0)
                    .setKRaftVersion((short) 1));
            });
    }
}
