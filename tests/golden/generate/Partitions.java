// SPDX-License-Identifier: Apache-2.0
// Says where Kafka's Java producer puts a key, for tests/unit/client/partitioner_test.cc.
//
//   Partitions.java < KEYS        a key in hex a line; out: KEY COUNT PARTITION, for each count
import java.io.*;
import java.util.HexFormat;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

public class Partitions {
    public static void main(String[] counts) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String key = in.readLine(); key != null; key = in.readLine()) {
            for (String count : counts) {
                int partition = BuiltInPartitioner.partitionForKey(
                    HexFormat.of().parseHex(key), Integer.parseInt(count));
                System.out.println("x" + key + " " + count + " " + partition);
            }
        }
    }
}
