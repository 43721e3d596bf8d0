// SPDX-License-Identifier: Apache-2.0
// The least that a client of a broker can do: connect to 127.0.0.1:PORT, ask for ApiVersions in
// version 0, read the answer.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
  // size 10, key 18, version 0, correlation id 1, no client id
  static const unsigned char kRequest[] = {0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 255, 255};
  unsigned char answer[4096];
  if (argc != 2) return 2;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(descriptor, (struct sockaddr*)&address, sizeof address) != 0) return 1;
  if (write(descriptor, kRequest, sizeof kRequest) != (ssize_t)sizeof kRequest) return 1;
  size_t got = 0;
  size_t wanted = 4;
  while (got < wanted) {
    ssize_t n = read(descriptor, answer + got, sizeof answer - got);
    if (n <= 0) return 1;
    got += (size_t)n;
    if (got >= 4) wanted = 4 + ((size_t)answer[2] << 8 | answer[3]);
  }
  return 0;
}
