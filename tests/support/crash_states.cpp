// SPDX-License-Identifier: MIT
#include "tests/support/crash_states.h"

namespace btrkit::test {

void apply_change(DeviceContents& contents, const DeviceChange& change) {
    const auto found = contents.find(change.device);
    if (found == contents.end() || change.kind == DeviceChange::Kind::flush) {
        return;
    }
    const auto place = MutableBytes(found->second).subspan(change.place.offset, change.place.length);
    if (change.kind == DeviceChange::Kind::write) {
        std::ranges::copy(change.bytes, place.begin());
    } else {
        std::ranges::fill(place, std::byte{0});
    }
}

DeviceContents crash_state(DeviceContents before, std::span<const DeviceChange> changes, std::size_t cut_behind,
                           const Survives& survives) {
    changes = changes.first(std::min(cut_behind, changes.size()));
    std::map<std::string, std::size_t> last_flush;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (changes[i].kind == DeviceChange::Kind::flush) {
            last_flush[changes[i].device] = i;
        }
    }
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (changes[i].kind == DeviceChange::Kind::flush) {
            continue;
        }
        const auto flushed = last_flush.find(changes[i].device);
        const bool lasts = flushed != last_flush.end() && i < flushed->second;
        if (lasts || survives(i)) {
            apply_change(before, changes[i]);
        }
    }
    return before;
}

} // namespace btrkit::test
