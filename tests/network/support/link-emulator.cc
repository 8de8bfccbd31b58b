// A point-to-point IP link between two network namespaces that loses, delays, reorders, throttles and blocks packets: what "tc netem"
// with a firewall does, for kernels without either. Needs root and /dev/net/tun.
//
//   link-emulator NAMESPACE_A INTERFACE_A NAMESPACE_B INTERFACE_B
//
// Commands on stdin, one a line, for both directions: "loss PERCENT", "delay MIN_MS MAX_MS" (even between the two, each packet on its
// own, so that packets overtake each other), "rate KBIT QUEUE_MS" (0: no limit; a longer queue is cut off), "block udp", "block PORT"
// (UDP and TCP, either end), "unblock". Each is acknowledged by a line "ok". Ends with stdin.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <queue>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr int kProtocolTcp = 6;
constexpr int kProtocolUdp = 17;
constexpr size_t kMaxQueued = 20'000;

double NowMs() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

[[noreturn]] void Fail(const std::string& what) {
  perror(what.c_str());
  exit(1);
}

int OpenTun(const std::string& name_space, const std::string& interface) {
  const int ns = open(("/run/netns/" + name_space).c_str(), O_RDONLY | O_CLOEXEC);
  if (ns < 0 || setns(ns, CLONE_NEWNET) != 0) Fail("namespace " + name_space);
  close(ns);
  const int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) Fail("/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  if (ioctl(tun, TUNSETIFF, &request) != 0) Fail("interface " + interface);
  return tun;
}

struct Settings {
  double loss = 0;
  double min_delay_ms = 0;
  double max_delay_ms = 0;
  double rate_kbit = 0;
  double queue_ms = 0;
  bool block_udp = false;
  std::set<int> blocked_ports;
};

bool IsBlocked(const Settings& settings, const std::vector<uint8_t>& packet) {
  if (packet.size() < 24 || packet[0] >> 4 != 4) return false;
  const int protocol = packet[9];
  if (protocol != kProtocolTcp && protocol != kProtocolUdp) return false;
  if (settings.block_udp && protocol == kProtocolUdp) return true;
  const size_t header = 4 * (packet[0] & 0x0f);
  if (packet.size() < header + 4) return false;
  const auto port = [&](size_t at) { return packet[header + at] << 8 | packet[header + at + 1]; };
  return settings.blocked_ports.count(port(0)) > 0 || settings.blocked_ports.count(port(2)) > 0;
}

struct Delayed {
  double due_ms;
  uint64_t order;
  std::vector<uint8_t> packet;
  bool operator<(const Delayed& other) const {
    return due_ms != other.due_ms ? due_ms > other.due_ms : order > other.order;
  }
};

class Direction {
 public:
  Direction(int from, int to, unsigned seed) : from_(from), to_(to), random_(seed) {}

  int from() const { return from_; }
  double NextDueMs() const { return waiting_.empty() ? 1e18 : waiting_.top().due_ms; }

  void Read(const Settings& settings) {
    uint8_t buffer[65'536];
    for (;;) {
      const ssize_t length = read(from_, buffer, sizeof buffer);
      if (length <= 0) return;
      Take(settings, std::vector<uint8_t>(buffer, buffer + length));
    }
  }

  void Deliver(double now_ms) {
    while (NextDueMs() <= now_ms) {
      const auto& packet = waiting_.top().packet;
      // An interface that is down takes nothing, like a cable that is not plugged in.
      if (write(to_, packet.data(), packet.size()) < 0 && errno != EIO) perror("write");
      waiting_.pop();
    }
  }

 private:
  void Take(const Settings& settings, std::vector<uint8_t> packet) {
    if (IsBlocked(settings, packet) || waiting_.size() >= kMaxQueued) return;
    if (Uniform(0, 100) < settings.loss) return;
    double due_ms = NowMs();
    if (settings.rate_kbit > 0) {
      const double begins_ms = std::max(due_ms, free_at_ms_);
      if (begins_ms - due_ms > settings.queue_ms) return;
      free_at_ms_ = begins_ms + packet.size() * 8 / settings.rate_kbit;
      due_ms = free_at_ms_;
    }
    due_ms += Uniform(settings.min_delay_ms, settings.max_delay_ms);
    waiting_.push({due_ms, order_++, std::move(packet)});
  }

  double Uniform(double low, double high) {
    return low >= high ? low : std::uniform_real_distribution<double>(low, high)(random_);
  }

  const int from_;
  const int to_;
  std::mt19937 random_;
  std::priority_queue<Delayed> waiting_;
  uint64_t order_ = 0;
  double free_at_ms_ = 0;
};

bool Carry(const std::string& line, Settings& settings) {
  std::istringstream in(line);
  std::string command, argument;
  in >> command;
  if (command == "loss") return static_cast<bool>(in >> settings.loss);
  if (command == "delay") return static_cast<bool>(in >> settings.min_delay_ms >> settings.max_delay_ms);
  if (command == "rate") return static_cast<bool>(in >> settings.rate_kbit >> settings.queue_ms);
  if (command == "unblock") {
    settings.block_udp = false;
    settings.blocked_ports.clear();
    return true;
  }
  if (command != "block" || !(in >> argument)) return false;
  if (argument == "udp") settings.block_udp = true;
  else settings.blocked_ports.insert(atoi(argument.c_str()));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: link-emulator NAMESPACE_A INTERFACE_A NAMESPACE_B INTERFACE_B\n");
    return 2;
  }
  const int a = OpenTun(argv[1], argv[2]);
  const int b = OpenTun(argv[3], argv[4]);
  Direction directions[] = {Direction(a, b, 1), Direction(b, a, 2)};
  Settings settings;
  std::string input;
  puts("ok");
  fflush(stdout);
  for (;;) {
    const double due_ms = std::min(directions[0].NextDueMs(), directions[1].NextDueMs());
    const double wait_ms = std::min(1'000.0, std::max(0.0, due_ms - NowMs()));
    const timespec timeout{0, static_cast<long>(wait_ms * 999'999)};
    const timespec second{1, 0};
    pollfd fds[] = {{a, POLLIN, 0}, {b, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    ppoll(fds, 3, wait_ms >= 1'000 ? &second : &timeout, nullptr);
    for (auto& direction : directions) direction.Read(settings);
    if (fds[2].revents != 0) {
      char buffer[4'096];
      const ssize_t length = read(STDIN_FILENO, buffer, sizeof buffer);
      if (length <= 0) return 0;
      input.append(buffer, length);
      for (size_t end; (end = input.find('\n')) != std::string::npos; input.erase(0, end + 1)) {
        puts(Carry(input.substr(0, end), settings) ? "ok" : "error");
        fflush(stdout);
      }
    }
    for (auto& direction : directions) direction.Deliver(NowMs());
  }
}
