// SPDX-License-Identifier: MIT
#include "libfs/render/chunk_text.h"

#include "formats/btrfs/chunk.h"
#include "libfs/base/names.h"

namespace btrkit {

namespace {

void put_stripe(TextBuffer& out, unsigned index, const btrfs::StripeItem& stripe) {
    out.put("\t\t\tstripe ");
    out.dec(index);
    out.put(" devid ");
    out.dec(u64{stripe.devid});
    out.put(" offset ");
    out.dec(u64{stripe.offset});
    out.put("\n\t\t\tdev_uuid ");
    put_uuid(out, stripe.dev_uuid);
    out.put('\n');
}

void put_fixed_part(TextBuffer& out, const btrfs::ChunkItem& chunk) {
    out.put("\t\tlength ");
    out.dec(u64{chunk.length});
    out.put(" owner ");
    out.dec(u64{chunk.owner});
    out.put(" stripe_len ");
    out.dec(u64{chunk.stripe_len});
    out.put(" type ");
    put_block_group_flags(out, chunk.type);
    out.put("\n\t\tio_align ");
    out.dec(u32{chunk.io_align});
    out.put(" io_width ");
    out.dec(u32{chunk.io_width});
    out.put(" sector_size ");
    out.dec(u32{chunk.sector_size});
    out.put("\n\t\tnum_stripes ");
    out.dec(btrfs::u16{chunk.num_stripes});
    out.put(" sub_stripes ");
    out.dec(btrfs::u16{chunk.sub_stripes});
    out.put('\n');
}

} // namespace

void put_block_group_flags(TextBuffer& out, u64 flags) {
    bool first = true;
    for (const auto& flag : btrfs::block_group_flag_names) {
        if ((flags & flag.bit & btrfs::block_group_type_mask) != 0) {
            if (!first) {
                out.put('|');
            }
            first = false;
            out.put(flag.name);
        }
    }
    out.put('|');
    if (const auto* profile = btrfs::find_profile(flags)) {
        out.put(profile->name);
    } else {
        out.put("UNKNOWN.0x");
        out.hex(flags & btrfs::block_group_profile_mask);
    }
}

bool put_chunk_item(TextBuffer& out, Bytes item) {
    const auto* chunk = view_at<btrfs::ChunkItem>(item);
    if (chunk == nullptr) {
        return false;
    }
    put_fixed_part(out, *chunk);
    const unsigned count = chunk->num_stripes;
    for (unsigned i = 0; i < count; ++i) {
        const auto* stripe = view_at<btrfs::StripeItem>(item, btrfs::chunk_item_size(i));
        if (stripe == nullptr) {
            return false;
        }
        put_stripe(out, i, *stripe);
    }
    return true;
}

} // namespace btrkit
