// SPDX-License-Identifier: MIT
#include "libfs/edit/csum_writer.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/tree/csum_key.h"

#include <cstring>

namespace btrkit {

/// The kernel never makes larger ones (docs/format.md 7.2), and none of more sectors than one memory page's number of
/// them.
std::size_t max_csum_item_bytes(const Geometry& geometry) {
    const std::size_t fit =
        (btrfs::leaf_data_size(geometry.nodesize) - 2 * sizeof(btrfs::ItemHeader)) / geometry.csum_size_bytes;
    return std::min<std::size_t>(fit - 1, 4096) * geometry.csum_size_bytes;
}

void put_checksums(const Geometry& geometry, Bytes sectors, MutableBytes out) {
    const u32 csum_size = geometry.csum_size_bytes;
    for (u64 done = 0; done < sectors.size(); done += geometry.sectorsize, out = out.subspan(csum_size)) {
        const auto csum = checksum(geometry.csum_type, sectors.subspan(done, geometry.sectorsize));
        std::memcpy(out.data(), csum.data(), csum_size);
    }
}

CsumWriter::CsumWriter(ItemSink& sink, const Geometry& geometry)
    : sink_(&sink), sectorsize_(geometry.sectorsize), csum_size_(geometry.csum_size_bytes),
      max_item_bytes_(max_csum_item_bytes(geometry)) {}

Result<void> CsumWriter::add(Logical at, Bytes csums) {
    while (!csums.empty()) {
        const Logical end = start_ + open_.bytes().size() / csum_size_ * sectorsize_;
        if (end != at || open_.bytes().size() == max_item_bytes_) {
            BTRKIT_TRY(flush());
            start_ = at;
        }
        const Bytes part = csums.first(std::min(csums.size(), max_item_bytes_ - open_.bytes().size()));
        open_.add_bytes(part);
        csums = csums.subspan(part.size());
        at = at + part.size() / csum_size_ * sectorsize_;
    }
    return {};
}

Result<void> CsumWriter::flush() {
    if (open_.bytes().empty()) {
        return {};
    }
    auto added = sink_->add(csum_key(start_.bytenr), open_.bytes());
    open_.clear();
    return added;
}

} // namespace btrkit
