// SPDX-License-Identifier: MIT
#include "libfs/edit/data_store.h"

#include "libfs/edit/csum_items.h"
#include "libfs/edit/file_item_writer.h"

namespace btrkit {

Result<Range> store_data(Transaction& transaction, Bytes sectors, Bytes csums, bool in_one_piece) {
    const auto& geometry = transaction.geometry();
    const u64 wanted_bytes = std::min<u64>(sectors.size(), max_extent_bytes);
    BTRKIT_TRY_ASSIGN(const auto range, transaction.take_data(wanted_bytes, in_one_piece));
    BTRKIT_TRY(transaction.write_data({range.start}, sectors.first(range.length())));
    if (!csums.empty()) {
        BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(btrfs::csum_tree_id));
        const auto csum_bytes = range.length() / geometry.sectorsize * geometry.csum_size_bytes;
        BTRKIT_TRY(add_csums(*tree, geometry, {range.start}, csums.first(csum_bytes)));
    }
    return range;
}

std::vector<std::byte> checksums_of(const Geometry& geometry, Bytes sectors) {
    std::vector<std::byte> csums(sectors.size() / geometry.sectorsize * geometry.csum_size_bytes);
    put_checksums(geometry, sectors, csums);
    return csums;
}

} // namespace btrkit
