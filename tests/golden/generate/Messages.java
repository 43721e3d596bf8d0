// SPDX-License-Identifier: Apache-2.0
// Writes messages and records with Apache Kafka's own generated classes, for
// tests/unit/wire/golden_test.cc. tests/golden/generate/all runs it.
//
//   java -cp "$KAFKA_JARS/*" Messages.java KIND
//       KIND: requests, responses, metadata-records, control-records, headers or schemas
//
// A message is three lines:
//   NAME VERSION FILLING
//   json {..}      its fields as Kafka's JSON converters print them, but with the bytes of records
//   bytes HEX      as Kafka writes it; metadata records with their frame version, type and version
//
// The fillings follow from the schema alone, so that each run gives the same values:
//   default  what the constructor makes
//   set      no field at its default, two elements in each array, text that is not ASCII
//   null     null where that is allowed, else one element, the smallest numbers, empty text
//   empty    nothing null, arrays without elements (of structures that cannot be null: one), the
//            largest numbers
// A header is one line: API, key and version, the client id (null is -, bytes are xHEX), then both
// headers; the correlation id is 100 * key + version, negative where 3 divides it.
// A schema is one line, NAME and what schema() of lib/wire/message.h prints, made from Kafka's own.
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.databind.node.*;
import java.io.*;
import java.nio.ByteBuffer;
import java.util.*;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metadata.MetadataRecordType;
import org.apache.kafka.common.protocol.*;
import org.apache.kafka.common.protocol.Readable;
import org.apache.kafka.common.requests.RequestHeader;

import static java.nio.charset.StandardCharsets.UTF_8;

public class Messages {
    // Issue 3, section 2.
    static final String APIS = "Produce 3 13, Fetch 4 17, ListOffsets 1 11, Metadata 0 13,"
        + " FindCoordinator 0 6, ApiVersions 0 4, CreateTopics 2 7, DeleteTopics 1 6,"
        + " DeleteRecords 0 2, InitProducerId 0 5, OffsetForLeaderEpoch 2 4, DescribeConfigs 1 4,"
        + " AlterConfigs 0 2, DescribeLogDirs 1 5, CreatePartitions 0 3,"
        + " IncrementalAlterConfigs 0 1, DescribeCluster 0 2, DescribeProducers 0 0,"
        + " ListConfigResources 0 1, DescribeTopicPartitions 0 0,"
        + " SaslHandshake 0 1, SaslAuthenticate 0 2";
    static final List<String> CONTROL_RECORDS = List.of("LeaderChangeMessage",
        "SnapshotHeaderRecord", "SnapshotFooterRecord", "KRaftVersionRecord", "VotersRecord");

    static final String MESSAGES = "org.apache.kafka.common.message.";

    static final ObjectMapper MAPPER = new ObjectMapper().enable(JsonParser.Feature.ALLOW_COMMENTS);
    static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    record Versions(int min, int max) {
        static Versions of(JsonNode text) {
            if (text == null || text.asText().equals("none")) return new Versions(1, 0);
            String[] ends = text.asText().replace("+", "-32767").split("-");
            return new Versions(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]));
        }
        boolean contain(int version) { return min <= version && version <= max; }
        boolean isEmpty() { return min > max; }
        Versions within(Versions outer) {
            return new Versions(Math.max(min, outer.min), Math.min(max, outer.max));
        }
    }

    enum Filling { DEFAULT, SET, NULL, EMPTY }

    // One message being filled: its schema, version and filling, and how many values it has by now.
    static class Filler {
        final JsonNode common;
        final int version;
        final Filling filling;
        int count = 0;

        Filler(JsonNode schema, int version, Filling filling) {
            this.common = schema.path("commonStructs");
            this.version = version;
            this.filling = filling;
        }

        ObjectNode structure(JsonNode fields) {
            ObjectNode to = NODES.objectNode();
            for (JsonNode field : fields) {
                if (!Versions.of(field.get("versions")).contain(version)) continue;
                boolean tagged = Versions.of(field.get("taggedVersions")).contain(version);
                boolean nullable = Versions.of(field.get("nullableVersions")).contain(version);
                // Kafka's converters leave out what is tagged and at its default.
                boolean left = filling == Filling.NULL || filling == Filling.EMPTY && !nullable;
                if (tagged && left) continue;
                String name = field.get("name").asText();
                name = name.substring(0, 1).toLowerCase() + name.substring(1);
                to.set(name, value(field, nullable));
            }
            return to;
        }

        JsonNode value(JsonNode field, boolean nullable) {
            String type = field.get("type").asText();
            if (nullable && filling == Filling.NULL) return NODES.nullNode();
            if (!type.startsWith("[]")) return one(type, field);
            ArrayNode array = NODES.arrayNode();
            String element = type.substring(2);
            boolean structures = Character.isUpperCase(element.charAt(0));
            int size = filling == Filling.NULL || structures && !nullable ? 1 : 0;
            if (filling == Filling.SET) size = 2;
            for (int i = 0; i < size; i++) array.add(one(element, field));
            return array;
        }

        JsonNode one(String type, JsonNode field) {
            int n = ++count;
            boolean set = filling == Filling.SET;
            int sign = n % 3 == 0 ? -1 : 1;
            switch (type) {
                case "bool":
                    boolean other = !field.path("default").asBoolean();
                    return NODES.booleanNode(set ? other : filling == Filling.NULL);
                case "int8": return number(sign * (n % 100 + 20), Byte.MIN_VALUE, Byte.MAX_VALUE);
                case "int16":
                    return number(sign * (n * 256 + 3), Short.MIN_VALUE, Short.MAX_VALUE);
                case "uint16": return number(65000 + n, 0, 65535);
                case "int32":
                    return number(sign * (n * 65536 + 5), Integer.MIN_VALUE, Integer.MAX_VALUE);
                case "int64":
                    return number(sign * ((long) n << 40 | 7), Long.MIN_VALUE, Long.MAX_VALUE);
                case "float64":
                    double large = filling == Filling.NULL ? -1e300 : Double.MAX_VALUE;
                    return NODES.numberNode(set ? sign * (n + 0.125) : large);
                case "uuid":
                    Uuid edge = filling == Filling.NULL ? Uuid.ZERO_UUID : new Uuid(-1, -1);
                    return NODES.textNode((set ? new Uuid(n << 24 | 0xfb, -n) : edge).toString());
                case "string": return NODES.textNode(set ? text(n) : "");
                case "bytes": case "records":
                    return NODES.binaryNode(set ? new byte[] {0, -1, (byte) n, 127} : new byte[0]);
            }
            return structure(fieldsOf(field, type, common));
        }

        JsonNode number(long set, long smallest, long largest) {
            long value = filling == Filling.NULL ? smallest : largest;
            return NODES.numberNode(filling == Filling.SET ? set : value);
        }

        // One of them is so long that its compact length takes two bytes.
        String text(int n) {
            if (n == 2) return "long ".repeat(26);
            return n % 2 == 0 ? "t" + n : "na\u00efve \u2603 \ud83d\udc1f \"" + n + "\"";
        }
    }

    // Of a structure, which stands in the field or beside the message.
    static JsonNode fieldsOf(JsonNode field, String type, JsonNode common) {
        for (JsonNode each : common) {
            if (each.get("name").asText().equals(type)) return each.get("fields");
        }
        return field.get("fields");
    }

    // The converters do not print the bytes of records.
    static void restoreRecords(JsonNode printed, JsonNode filled) {
        if (printed.isObject()) {
            for (var names = printed.fieldNames(); names.hasNext(); ) {
                String name = names.next();
                if (name.equals("records") && filled.has(name)) {
                    ((ObjectNode) printed).set(name, filled.get(name));
                } else if (filled.has(name)) {
                    restoreRecords(printed.get(name), filled.get(name));
                }
            }
        }
        for (int i = 0; printed.isArray() && i < printed.size(); i++) {
            restoreRecords(printed.get(i), filled.get(i));
        }
    }

    static byte[] encode(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer bytes = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(bytes), cache, version);
        if (bytes.hasRemaining()) throw new IllegalStateException("a size is not what was written");
        return bytes.array();
    }

    static byte[] framed(ApiMessage record, short version) {
        ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
        ByteBufferAccessor to = new ByteBufferAccessor(bytes);
        to.writeUnsignedVarint(1);
        to.writeUnsignedVarint(record.apiKey());
        to.writeUnsignedVarint(version);
        to.writeByteArray(encode(record, version));
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    // One message or record: its class, where its schema is and which versions are wanted.
    record Kind(String name, String className, String schemaPath, int min, int max,
                boolean isMetadata) {
        JsonNode schema() throws Exception {
            ClassLoader loader = Messages.class.getClassLoader();
            try (InputStream in = loader.getResourceAsStream(schemaPath)) {
                return MAPPER.readTree(in);
            }
        }
    }

    static void printFilled(Kind kind) throws Exception {
        JsonNode schema = kind.schema();
        for (short version = (short) kind.min; version <= kind.max; version++) {
            for (Filling filling : Filling.values()) {
                ObjectNode fields =
                    new Filler(schema, version, filling).structure(schema.get("fields"));
                System.out.println(kind.name + " " + version + " " + filling.name().toLowerCase());
                printMessage(kind, version, filling == Filling.DEFAULT ? null : fields);
            }
        }
    }

    // `filled` is null for a message as its constructor makes it.
    static void printMessage(Kind kind, short version, ObjectNode filled) throws Exception {
        Class<?> type = Class.forName(kind.className);
        Class<?> converter = Class.forName(kind.className + "JsonConverter");
        Object made = filled == null ? type.getConstructor().newInstance()
            : converter.getMethod("read", JsonNode.class, short.class)
                .invoke(null, filled, version);
        byte[] bytes = encode((Message) made, version);
        Readable in = new ByteBufferAccessor(ByteBuffer.wrap(bytes));
        Object again = type.getConstructor(Readable.class, short.class).newInstance(in, version);
        JsonNode printed = (JsonNode) converter.getMethod("write", type, short.class)
            .invoke(null, made, version);
        if (filled != null) restoreRecords(printed, filled);
        boolean asFilled = filled == null || printed.toString().equals(filled.toString());
        if (!asFilled || !again.equals(made)) {
            throw new IllegalStateException(kind + " " + version + ": " + printed);
        }
        if (kind.isMetadata) bytes = framed((ApiMessage) made, version);
        System.out.println("json " + printed);
        System.out.println("bytes " + HexFormat.of().formatHex(bytes));
    }

    // What a schema says, in the notation of lib/wire/message.h.
    static String schemaOf(JsonNode fields, JsonNode common, Versions outer) {
        StringJoiner out = new StringJoiner(", ", "{", "}");
        for (JsonNode field : fields) {
            Versions mine = Versions.of(field.get("versions")).within(outer);
            if (!mine.isEmpty()) out.add(fieldOf(field, common, mine, outer));
        }
        return out.toString();
    }

    static String fieldOf(JsonNode field, JsonNode common, Versions mine, Versions outer) {
        String text = field.get("name").asText() + ":" + typeOf(field, common, mine);
        Versions nullable = Versions.of(field.get("nullableVersions")).within(mine);
        if (!nullable.isEmpty()) text += nullable.min > mine.min ? "?" + nullable.min + "+" : "?";
        boolean late = mine.min > outer.min, early = mine.max < outer.max;
        String last = late ? mine.min < mine.max ? "-" + mine.max : "" : ".." + mine.max;
        if (late || early) text += "@" + (late ? mine.min : "") + (early ? last : "+");
        if (field.has("tag")) {
            if (!Versions.of(field.get("taggedVersions")).within(outer).equals(mine)) {
                throw new IllegalStateException(field + " is not always tagged");
            }
            text += "#t" + field.get("tag").asInt();
        }
        String value = field.path("default").asText();
        boolean isNumber = field.get("type").asText().matches("u?int\\d+") && !value.isEmpty();
        if (isNumber && Long.decode(value) != 0) text += "=" + Long.decode(value);
        if (value.equals("true")) text += "=true";
        return text + (field.path("ignorable").asBoolean() ? "~" : "");
    }

    static String typeOf(JsonNode field, JsonNode common, Versions versions) {
        String type = field.get("type").asText();
        String element = type.replace("[]", "");
        JsonNode fields = fieldsOf(field, element, common);
        String text = fields != null ? schemaOf(fields, common, versions)
            : element.replaceAll("^int", "i").replaceAll("^uint", "u").replace("float", "f")
                .replace("string", "str");
        return type.startsWith("[]") ? "[" + text + "]" : text;
    }

    // A version that no message ever has where there is none.
    static int firstFlexible(JsonNode schema) {
        Versions flexible = Versions.of(schema.get("flexibleVersions"));
        return flexible.isEmpty() ? 32767 : flexible.min;
    }

    static void printSchema(Kind kind) throws Exception {
        JsonNode schema = kind.schema();
        Versions versions = new Versions(kind.min, kind.max);
        System.out.println(kind.name + " " + kind.min + "-" + kind.max + " flexible "
            + firstFlexible(schema) + " "
            + schemaOf(schema.get("fields"), schema.path("commonStructs"), versions));
    }

    // Every API in every version chooses its headers by itself.
    static void printHeaders() {
        String[] clients = {null, "", "na\u00efve \u2603", "client-1"};
        for (ApiKeys api : ApiKeys.values()) {
            for (short v = api.oldestVersion(); v <= api.latestVersion(true); v++) {
                int number = 100 * api.id + v;
                String client = clients[number % clients.length];
                RequestHeader header =
                    new RequestHeader(api, v, client, number % 3 == 0 ? -number : number);
                byte[] request = encode(header.data(), header.headerVersion());
                byte[] response =
                    encode(header.toResponseHeader().data(), api.responseHeaderVersion(v));
                HexFormat hex = HexFormat.of();
                String shown = client == null ? "-" : "x" + hex.formatHex(client.getBytes(UTF_8));
                System.out.println(api.name + " " + api.id + " " + v + " " + shown + " request "
                    + hex.formatHex(request) + " response " + hex.formatHex(response));
            }
        }
    }

    static List<Kind> apis(String suffix) {
        List<Kind> kinds = new ArrayList<>();
        for (String api : APIS.split(", *")) {
            String[] words = api.split(" ");
            String name = words[0] + suffix;
            kinds.add(new Kind(name, MESSAGES + name + "Data", "common/message/" + name + ".json",
                Integer.parseInt(words[1]), Integer.parseInt(words[2]), false));
        }
        return kinds;
    }

    static List<Kind> controlRecords() throws Exception {
        List<Kind> kinds = new ArrayList<>();
        for (String name : CONTROL_RECORDS) {
            String className = MESSAGES + name;
            Message message = (Message) Class.forName(className).getConstructor().newInstance();
            kinds.add(new Kind(name, className, "common/message/" + name + ".json",
                message.lowestSupportedVersion(), message.highestSupportedVersion(), false));
        }
        return kinds;
    }

    static List<Kind> metadataRecords() {
        List<Kind> kinds = new ArrayList<>();
        for (MetadataRecordType type : MetadataRecordType.values()) {
            String name = type.newMetadataRecord().getClass().getSimpleName();
            String file = name.equals("ZkMigrationStateRecord") ? "ZkMigrationRecord" : name;
            kinds.add(new Kind(name, "org.apache.kafka.common.metadata." + name,
                "common/metadata/" + file + ".json", type.lowestSupportedVersion(),
                type.highestSupportedVersion(), true));
        }
        return kinds;
    }

    public static void main(String[] arguments) throws Exception {
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8));
        Map<String, List<Kind>> kinds = new LinkedHashMap<>();
        kinds.put("requests", apis("Request"));
        kinds.put("responses", apis("Response"));
        kinds.put("metadata-records", metadataRecords());
        kinds.put("control-records", controlRecords());
        String wanted = arguments.length == 1 ? arguments[0] : "";
        if (wanted.equals("schemas")) {
            for (var each : kinds.entrySet()) {
                for (Kind kind : each.getValue()) printSchema(kind);
            }
        } else if (wanted.equals("headers")) {
            printHeaders();
        } else if (kinds.containsKey(wanted)) {
            for (Kind kind : kinds.get(wanted)) printFilled(kind);
        } else {
            System.err.println("Messages.java: of " + kinds.keySet() + ", headers or schemas?");
            System.exit(2);
        }
    }
}
