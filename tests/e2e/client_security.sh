#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tools against real Kafka behind TLS and SASL: each mechanism lets us in, and each thing that
# is wrong ends the run with 3 and a line that says what.
. "$(dirname "$0")/lib.sh"
need java mvn openssl
cd "$work"
port=$(free_port)
secure=localhost:$((port + 2)) mutual=localhost:$((port + 3)) open=127.0.0.1:$((port + 4))
export XDG_CONFIG_HOME=$work/config

# A CA, a server that is called localhost and nothing else, a client, and a CA that nobody knows.
certificate() { # NAME CA [EXTENSION]
  openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -subj "/CN=$1" -out "$1.csr" \
    2>/dev/null
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 2 \
    -out "$1.crt" ${3:+-extfile <(echo "$3")} 2>/dev/null
  cat "$1.key" "$1.crt" >"$1.pem"
}
for ca in ca stranger; do
  openssl req -x509 -newkey rsa:2048 -nodes -keyout $ca.key -subj "/CN=$ca" -days 2 -out $ca.crt \
    2>/dev/null
done
certificate server ca subjectAltName=DNS:localhost
certificate client ca
certificate outsider stranger
openssl pkcs12 -export -in client.crt -inkey client.key -passout pass:box -out client.p12
openssl pkcs12 -export -nokeys -in ca.crt -passout pass:box -out ca.p12

module=org.apache.kafka.common.security
sasl=listener.name.sasl_ssl open_plain=listener.name.sasl_plaintext
plain="$module.plain.PlainLoginModule required user_alice=\"secret\";"
protocols=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL
validator=$module.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler
listeners=PLAINTEXT://127.0.0.1:$port,SASL_SSL://$secure,SSL://$mutual,SASL_PLAINTEXT://$open
kafka start "$work/kafka" "$port" \
  "listeners=$listeners,CONTROLLER://127.0.0.1:$((port + 1))" "advertised.listeners=$listeners" \
  "listener.security.protocol.map=$protocols,SASL_PLAINTEXT:SASL_PLAINTEXT" \
  ssl.keystore.type=PEM "ssl.keystore.location=$work/server.pem" \
  ssl.truststore.type=PEM "ssl.truststore.location=$work/ca.crt" \
  listener.name.ssl.ssl.client.auth=required \
  sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER \
  "$sasl.plain.sasl.jaas.config=$plain" \
  "$open_plain.plain.sasl.jaas.config=$plain" \
  "$open_plain".sasl.enabled.mechanisms=PLAIN \
  "$sasl.scram-sha-256.sasl.jaas.config=$module.scram.ScramLoginModule required;" \
  "$sasl.scram-sha-512.sasl.jaas.config=$module.scram.ScramLoginModule required;" \
  "$sasl.oauthbearer.sasl.jaas.config=$module.oauthbearer.OAuthBearerLoginModule required;" \
  "$sasl.oauthbearer.sasl.server.callback.handler.class=$validator" \
  "$sasl.scram-sha-256.connections.max.reauth.ms=2000" >/dev/null || fail "Kafka did not start"
trap 'kafka stop "$work/kafka" || true; clean_up' EXIT
for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do  # not both in one request
  kafka tool configs --bootstrap-server "127.0.0.1:$port" --alter --entity-type users \
    --entity-name alice --add-config "$mechanism=[password=secret]" >/dev/null ||
    fail "no user of $mechanism"
done
event-admin -b "127.0.0.1:$port" topic create t >/dev/null

tls=(-X security.protocol=SASL_SSL -X "ssl.ca.location=$work/ca.crt")
echo secret >password
login=(-X sasl.username=alice -X "sasl.password.file=$work/password")

in_by() { # NAME ARG..: writes a line and reads it back
  local name=$1
  shift
  echo "$name" | event-produce "$@" t || fail "$name: event-produce ends with $?"
  event-consume "$@" t >out || fail "$name: event-consume ends with $?"
  grep -qx "$name" out || fail "$name: the line did not come back"
}
refused() { # STATUS WORDS ARG..: and nothing else is said
  local expected=$1 words=$2 status=0
  shift 2
  event-consume "$@" t >out 2>err </dev/null || status=$?
  [ $status = "$expected" ] || fail "$words: status $status, not $expected: $(cat err)"
  grep -qF -- "$words" err || fail "$words: is not in: $(cat err)"
  [ "$(wc -l <err)" = 1 ] && [ ! -s out ] || fail "$words: more was said: $(cat err)"
}

for mechanism in PLAIN SCRAM-SHA-256 SCRAM-SHA-512; do
  in_by "$mechanism" -b "$secure" "${tls[@]}" "${login[@]}" -X "sasl.mechanism=$mechanism"
done
segment() { printf %s "$1" | openssl base64 -A | tr '+/' '-_' | tr -d =; }
now=$(date +%s)
claims="{\"sub\":\"alice\",\"iat\":$now,\"exp\":$((now + 600))}"
token=$(segment '{"alg":"none"}').$(segment "$claims").
echo "$token" >token
bearer=(-b "$secure" "${tls[@]}" -X sasl.mechanism=OAUTHBEARER)
in_by OAUTHBEARER "${bearer[@]}" -X "sasl.oauthbearer.token.file=$work/token"
in_by "OAUTHBEARER by a command" "${bearer[@]}" \
  -X "sasl.oauthbearer.token.command=cat '$work/token'"
in_by "mutual TLS" -b "$mutual" -X security.protocol=SSL -X "ssl.truststore.location=$work/ca.crt" \
  -X "ssl.certificate.location=$work/client.crt" -X "ssl.key.location=$work/client.key"
in_by "PLAIN on loopback" -b "$open" -X security.protocol=SASL_PLAINTEXT -X sasl.mechanism=PLAIN \
  "${login[@]}"

# What a Java client has in its file, and a profile.
cat >java.properties <<PROPERTIES
bootstrap.servers=$secure
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=$module.scram.ScramLoginModule required \\
    username="alice" password="secret";
ssl.truststore.location=$work/ca.p12
ssl.truststore.password=box
key.serializer=org.apache.kafka.common.serialization.StringSerializer
group.id=somebody
PROPERTIES
in_by "a Java client's file" --properties java.properties
mkdir -p config/event
cat >config/event/config.json <<JSON
{"default":"mutual","profiles":{"mutual":{"bootstrap.servers":"$mutual","security.protocol":"SSL",
  "ssl.truststore.location":"$work/ca.crt","ssl.keystore.location":"$work/client.p12",
  "ssl.keystore.password.command":"echo box"}}}
JSON
in_by "the default profile"

refused 3 'Authentication failed' -b "$secure" "${tls[@]}" -X sasl.mechanism=PLAIN \
  -X sasl.username=alice -X sasl.password.command='echo wrong'
for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do
  EVENT_SASL_PASSWORD=wrong refused 3 'uthentication failed' -b "$secure" "${tls[@]}" \
    -X "sasl.mechanism=$mechanism" -X sasl.username=alice
done
refused 3 'invalid_token' "${bearer[@]}" -X "sasl.oauthbearer.token.command=echo ${token}forged"
refused 3 'no OAUTHBEARER there, but PLAIN' -b "$open" -X security.protocol=SASL_PLAINTEXT \
  -X sasl.mechanism=OAUTHBEARER -X "sasl.oauthbearer.token.file=$work/token"
refused 3 'not trusted' -b "$secure" -X security.protocol=SASL_SSL -X sasl.mechanism=PLAIN \
  "${login[@]}" -X "ssl.ca.location=$work/stranger.crt"
refused 3 'for another host' -b "127.0.0.1:$((port + 2))" "${tls[@]}" -X sasl.mechanism=PLAIN \
  "${login[@]}"
refused 3 'ssl.keystore.location' -b "$mutual" -X security.protocol=SSL \
  -X "ssl.ca.location=$work/ca.crt"
refused 3 'ssl.keystore.location' -b "$mutual" -X security.protocol=SSL \
  -X "ssl.ca.location=$work/ca.crt" -X "ssl.keystore.location=$work/outsider.pem"
refused 3 'but TLS' -b "$mutual"
refused 3 'speak TLS' -b "127.0.0.1:$port" "${tls[@]}" -X sasl.mechanism=PLAIN "${login[@]}"
refused 3 'asks for no SASL' -b "127.0.0.1:$port" -X security.protocol=SASL_PLAINTEXT \
  -X sasl.mechanism=PLAIN "${login[@]}"
refused 3 'security.protocol' -b "$open"
refused 2 'would show the secret' -b broker.example:9 -X security.protocol=SASL_PLAINTEXT \
  -X sasl.mechanism=PLAIN "${login[@]}"
refused 2 'everybody can see' -X sasl.password=secret
refused 2 'with its password' --properties java.properties \
  -X ssl.truststore.password.command='echo no'

# The broker ends an authentication after two seconds; the pause is input.
(echo before; sleep 3; echo after) | event-produce -v -b "$secure" "${tls[@]}" "${login[@]}" \
  -X sasl.mechanism=SCRAM-SHA-256 t 2>err || fail "re-authentication: status $?: $(cat err)"
[ "$(grep -c 'connected to' err)" = 1 ] || fail "nobody authenticated again: $(cat err)"
say "four mechanisms, mutual TLS, and what is wrong is told"
