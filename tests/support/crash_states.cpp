// SPDX-License-Identifier: MIT
#include "tests/support/crash_states.h"

#include <algorithm>
#include <random>

namespace btrkit::test {

namespace {

constexpr u64 sector_bytes = 512;

bool is_flush(const DeviceChange& change) {
    return change.kind == DeviceChange::Kind::flush;
}

/// The part of a change's place that begins at `from`.
void make_part(DeviceContents& contents, const DeviceChange& change, u64 from, u64 length) {
    auto& device = contents.at(change.device);
    const u64 offset = change.place.offset + from;
    if (change.kind == DeviceChange::Kind::write) {
        device.write(offset, Bytes(change.bytes).subspan(from, length));
    } else {
        device.zero(offset, length);
    }
}

void make(DeviceContents& contents, const DeviceChange& change) {
    make_part(contents, change, 0, change.place.length);
}

/// The sectors of a write that `arrives` says true to.
template <class Arrives>
void make_torn(DeviceContents& contents, const DeviceChange& change, Arrives arrives) {
    const u64 begin = change.place.offset;
    const u64 end = begin + change.place.length;
    for (u64 sector = begin / sector_bytes; sector * sector_bytes < end; ++sector) {
        if (arrives()) {
            const u64 from = std::max(begin, sector * sector_bytes);
            make_part(contents, change, from - begin, std::min(end, (sector + 1) * sector_bytes) - from);
        }
    }
}

class States {
public:
    States(DeviceContents before, const CrashChoice& choice, const std::function<void(const CrashState&)>& visit)
        : arrived_(before), lasting_(std::move(before)), choice_(choice), visit_(visit), random_(choice.seed) {}

    void take(const DeviceChange& change) {
        if (!lasting_.contains(change.device)) {
            return;
        }
        if (is_flush(change)) {
            settle(change.device);
        } else {
            waiting_.push_back(&change);
            make(arrived_, change);
        }
    }

    void visit_all(std::size_t cut) {
        visit_({.contents = arrived_, .cut = cut, .what = "all"});
        ++count_;
        if (waiting_.empty() || (choice_.is_thorough && !choice_.is_thorough(cut))) {
            return;
        }
        visit(cut, "none", [](DeviceContents&, const DeviceChange&) {});
        for (unsigned i = 0; i < choice_.subsets; ++i) {
            visit(cut, "subset " + std::to_string(i), [&](DeviceContents& contents, const DeviceChange& change) {
                if (is_heads()) {
                    make(contents, change);
                }
            });
        }
        for (unsigned i = 0; i < choice_.torn; ++i) {
            const auto* victim = waiting_[random_() % waiting_.size()];
            visit(cut, "torn " + std::to_string(i), [&](DeviceContents& contents, const DeviceChange& change) {
                if (&change == victim) {
                    make_torn(contents, change, [&] { return is_heads(); });
                } else if (is_heads()) {
                    make(contents, change);
                }
            });
        }
        for (unsigned i = 0; i < choice_.all_torn; ++i) {
            visit(cut, "all torn " + std::to_string(i), [&](DeviceContents& contents, const DeviceChange& change) {
                make_torn(contents, change, [&] { return is_heads(); });
            });
        }
    }

    std::size_t count() const { return count_; }

private:
    bool is_heads() { return (random_() >> 16) % 2 != 0; }

    template <class Arrive>
    void visit(std::size_t cut, std::string what, Arrive arrive) {
        DeviceContents contents = lasting_;
        for (const auto* change : waiting_) {
            arrive(contents, *change);
        }
        visit_({.contents = contents, .cut = cut, .what = std::move(what)});
        ++count_;
    }

    void settle(const std::string& device) {
        std::erase_if(waiting_, [&](const DeviceChange* change) {
            if (change->device != device) {
                return false;
            }
            make(lasting_, *change);
            return true;
        });
    }

    DeviceContents arrived_; ///< everything that was asked for so far
    DeviceContents lasting_; ///< what flushes have made last
    const CrashChoice& choice_;
    const std::function<void(const CrashState&)>& visit_;
    std::mt19937 random_;
    std::vector<const DeviceChange*> waiting_; ///< what no flush covers, in order
    std::size_t count_ = 0;
};

} // namespace

std::size_t for_each_crash_state(DeviceContents before, std::span<const DeviceChange> changes,
                                 const CrashChoice& choice, const std::function<void(const CrashState&)>& visit) {
    States states(std::move(before), choice, visit);
    for (std::size_t cut = 0; cut <= changes.size(); ++cut) {
        states.visit_all(cut);
        if (cut < changes.size()) {
            states.take(changes[cut]);
        }
    }
    return states.count();
}

} // namespace btrkit::test
