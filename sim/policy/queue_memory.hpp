#pragma once
// What queue disciplines remember beyond who waits and what runs, as plain data: a part of the
// state of a run. Each discipline fills what it has and takes what it knows.

#include "sim/core/ids.hpp"
#include "sim/core/int128.hpp"
#include "sim/core/units.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace headroom {

/// GPU-time that a tenant has held so far.
struct TenantUse {
  std::string tenant;
  Int128 milli_ns = 0;
};

/// When a waiting request is to start; on which machines it waits for or runs, where particular
/// ones are reserved.
struct Booking {
  RequestId request{};
  SimTime begin{};
  std::vector<int> machines = {};  // ascending; empty where only their number counts
};

struct QueueMemory {
  std::vector<TenantUse> tenants;  // by first arrival
  std::vector<Booking> bookings;   // of what waits, then of what runs, each by arrival
  std::int64_t gpus = 0;           // that there were at the last pass, idle or placed by this queue
  bool again = false;              // bookings may still move when something ends
  bool anew = false;               // bookings are to be made anew
};

}  // namespace headroom
