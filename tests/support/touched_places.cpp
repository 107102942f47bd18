// SPDX-License-Identifier: MIT
#include "tests/support/touched_places.h"

#include <stdexcept>

namespace btrkit::test {

TouchedPlaces::TouchedPlaces(std::span<const DeviceChange> changes) {
    for (const auto& change : changes) {
        auto& pages = pages_[change.device];
        const u64 end = round_up(change.place.offset + change.place.length, page_bytes) / page_bytes;
        for (u64 page = change.place.offset / page_bytes; change.place.length > 0 && page < end; ++page) {
            pages[page] = 0;
        }
    }
    for (auto& [device, pages] : pages_) {
        u64 offset = 0;
        for (auto& [page, place] : pages) {
            place = offset;
            offset += page_bytes;
        }
    }
}

DeviceContents TouchedPlaces::gather(std::span<const BlockDevice* const> devices) const {
    DeviceContents contents;
    for (const auto* device : devices) {
        auto& bytes = contents[device->name()];
        const auto found = pages_.find(device->name());
        if (found == pages_.end()) {
            continue;
        }
        bytes = SparseBytes(found->second.size() * page_bytes);
        for (const auto& [page, place] : found->second) {
            const u64 length = std::min(page_bytes, device->size_bytes() - page * page_bytes);
            if (!device->read(page * page_bytes, bytes.part(place).first(length))) {
                throw std::runtime_error("can't read " + device->name());
            }
        }
    }
    return contents;
}

std::vector<DeviceChange> TouchedPlaces::gathered(std::span<const DeviceChange> changes) const {
    std::vector<DeviceChange> moved(changes.begin(), changes.end());
    for (auto& change : moved) {
        if (change.place.length > 0) {
            const u64 page = change.place.offset / page_bytes;
            change.place.offset = pages_.at(change.device).at(page) + change.place.offset % page_bytes;
        }
    }
    return moved;
}

void TouchedPlaces::overlay(const std::string& device, u64 offset, MutableBytes out,
                            const SparseBytes& gathered) const {
    const auto found = pages_.find(device);
    if (found == pages_.end()) {
        return;
    }
    const u64 end = offset + out.size();
    for (auto at = found->second.lower_bound(offset / page_bytes);
         at != found->second.end() && at->first * page_bytes < end; ++at) {
        const u64 page_begin = at->first * page_bytes;
        const u64 from = std::max(offset, page_begin);
        const u64 until = std::min(end, page_begin + page_bytes);
        gathered.read(at->second + (from - page_begin), out.subspan(from - offset, until - from));
    }
}

std::vector<u64> TouchedPlaces::gathered_pages(const std::string& device, u64 offset, u64 length) const {
    std::vector<u64> places;
    if (const auto found = pages_.find(device); found != pages_.end()) {
        for (auto at = found->second.lower_bound(offset / page_bytes);
             at != found->second.end() && at->first * page_bytes < offset + length; ++at) {
            places.push_back(at->second);
        }
    }
    return places;
}

} // namespace btrkit::test
