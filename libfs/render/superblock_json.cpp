// SPDX-License-Identifier: MIT
#include "libfs/render/superblock_json.h"

#include "formats/btrfs/chunk.h"
#include "formats/btrfs/csum.h"
#include "libfs/render/superblock_parts.h"
#include "libfs/volume/sys_chunk_array.h"

namespace btrkit {

namespace {

Json sys_chunk_array_json(const btrfs::Superblock& super) {
    const auto array = system_chunk_items(super);
    Json items = Json::array();
    for (const auto& entry : array.items) {
        items.push_back({{"key", key_json(entry.key)}, {"chunk", chunk_json(entry.body)}});
    }
    return {{"items", std::move(items)}, {"damage", array.damage.empty() ? Json() : Json(array.damage)}};
}

} // namespace

Json chunk_json(Bytes item) {
    const auto* chunk = view_at<btrfs::ChunkItem>(item);
    if (chunk == nullptr) {
        return {};
    }
    Json object = fields_json(*chunk);
    auto& stripes = object["stripes"] = Json::array();
    const unsigned count = chunk->num_stripes;
    for (unsigned i = 0; i < count; ++i) {
        const auto* stripe = view_at<btrfs::StripeItem>(item, btrfs::chunk_item_size(i));
        if (stripe == nullptr) {
            break;
        }
        stripes.push_back(fields_json(*stripe));
    }
    return object;
}

Json superblock_json(const btrfs::Superblock& super) {
    Json object = fields_json(super);
    const auto* csum_type = btrfs::find_csum_type(super.csum_type);
    const std::size_t csum_size = csum_type != nullptr ? csum_type->size_bytes : super.csum.size();
    object["csum"] = hex_json(std::as_bytes(std::span(super.csum)).first(csum_size));
    object["sys_chunk_array"] = sys_chunk_array_json(super);
    for (std::size_t i = 0; i < super.backup_roots.size(); ++i) {
        if (is_empty(super.backup_roots[i])) {
            object["backup_roots"][i] = nullptr;
        }
    }
    return object;
}

} // namespace btrkit
