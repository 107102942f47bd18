// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/extents/extent_records.h"

#include "libfs/base/sort_by_rank.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/space/free_space.h"
#include "libfs/survey/scan/tree_rescan.h"

#include <mutex>

#include <fmt/format.h>

namespace btrkit::repair {

using namespace survey;

namespace {

namespace type = btrfs::item_type;
using RefKind = Reference::Kind;

struct HeldReference {
    Reference reference;
    u64 generation = 0; ///< of the file extent item
};

/// What a block says of itself.
struct HeldBlock {
    btrfs::TreeBlockHeader header;
    btrfs::Key first_key;
};

/// What the old extent tree says of an extent.
struct OldExtent {
    u64 bytenr = 0;
    u64 length_bytes = 0;
    u64 generation = 0;
    u64 quota_owner = 0; ///< 0: nobody
};

std::unexpected<Error> contradiction(u64 bytenr, std::string_view what) {
    return fail(ErrorKind::damaged, fmt::format("extent {}: {}", bytenr, what));
}

/// All that leads into one window.
class Window final : public ReferenceSink {
public:
    explicit Window(Range addresses) : addresses_(addresses) {}

    void hold(const Reference& reference, const ReferenceHolder* holder, u32 slot) override {
        if (!covers(reference.bytenr)) {
            return;
        }
        HeldReference held{.reference = reference};
        if (reference.kind == RefKind::data || reference.kind == RefKind::shared_data) {
            held.generation = stored_extent(holder->block.item_data(slot))->head.generation;
        }
        const std::lock_guard lock(mutex_);
        if (reference.kind == RefKind::block) {
            const auto& block = holder->block;
            blocks_.push_back({block.header(), block.count() > 0 ? block.key(0) : btrfs::Key{}});
        } else {
            references_.push_back(held);
        }
    }
    void record(const Reference&, u64) override {}

    void take_old(Survey& survey, const TreeRoot& tree) {
        rescan_leaves(survey, {.root = tree}, [&](const LeafVisit& leaf) {
            for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
                const auto key = leaf.block.key(slot);
                const Bytes body = leaf.block.item_data(slot);
                const auto extent = covers(key.objectid) ? parse_extent(key, body, survey.geometry()) : std::nullopt;
                if (extent && extent->is_data()) {
                    old_.push_back({extent->bytenr, extent->length_bytes, extent->generation,
                                    quota_owner_of(inline_refs_of(*extent, key, body))});
                }
            }
        });
    }

    void sort() {
        std::ranges::sort(references_, [](const HeldReference& one, const HeldReference& other) {
            return std::tie(one.reference.bytenr, one.reference, one.generation) <
                   std::tie(other.reference.bytenr, other.reference, other.generation);
        });
        std::ranges::sort(blocks_, {}, [](const HeldBlock& block) { return u64{block.header.bytenr}; });
        std::ranges::sort(old_, {}, &OldExtent::bytenr);
    }

    std::span<const HeldReference> references() const { return references_; }
    const HeldBlock* block_at(u64 bytenr) const {
        const auto found =
            std::ranges::lower_bound(blocks_, bytenr, {}, [](const HeldBlock& one) { return u64{one.header.bytenr}; });
        return found != blocks_.end() && found->header.bytenr == bytenr ? &*found : nullptr;
    }
    const OldExtent* old_at(u64 bytenr) const {
        const auto found = std::ranges::lower_bound(old_, bytenr, {}, &OldExtent::bytenr);
        return found != old_.end() && found->bytenr == bytenr ? &*found : nullptr;
    }

private:
    bool covers(u64 bytenr) const { return addresses_.start <= bytenr && bytenr < addresses_.end; }

    static u64 quota_owner_of(Bytes inline_refs) {
        InlineRefs refs(inline_refs);
        const auto first = refs.next();
        return first && first->type == type::extent_owner_ref ? first->root : 0;
    }

    Range addresses_;
    std::mutex mutex_;
    std::vector<HeldReference> references_;
    std::vector<HeldBlock> blocks_;
    std::vector<OldExtent> old_;
};

ExtentRef ref_of(const Reference& reference) {
    switch (reference.kind) {
    case RefKind::tree_block: return {.type = type::tree_block_ref, .root = reference.owner, .count = 1};
    case RefKind::shared_block: return {.type = type::shared_block_ref, .parent = reference.owner, .count = 1};
    case RefKind::shared_data: return {.type = type::shared_data_ref, .parent = reference.owner, .count = 1};
    default: break;
    }
    return {.type = type::extent_data_ref,
            .root = reference.owner,
            .objectid = reference.inode,
            .offset = reference.offset,
            .count = 1};
}

/// Makes the record of one extent from the references to it, which stand side by side.
class RecordMaker {
public:
    RecordMaker(const Survey& survey, const OldExtents& old) : survey_(survey), old_(old) {}

    Result<ExtentRecord> make(const Window& window, std::span<const HeldReference> held) {
        const Reference& first = held.front().reference;
        const bool is_data = first.kind == RefKind::data || first.kind == RefKind::shared_data;
        BTRKIT_TRY(check_place(range_from(first.bytenr, first.length_bytes), is_data));
        ExtentRecord record;
        if (is_data) {
            record = data_record(held, window.old_at(first.bytenr));
        } else {
            const auto* block = window.block_at(first.bytenr);
            if (block == nullptr) {
                return contradiction(first.bytenr, "it is referred to as a tree block, and is none");
            }
            const bool is_full = survey_.full_backref.test(first.bytenr / survey_.geometry().sectorsize);
            record = record_of_block(survey_.geometry(), block->header, block->first_key,
                                     is_full ? btrfs::extent_flag_full_backref : 0);
        }
        BTRKIT_TRY(add_references(record, held));
        return record;
    }

private:
    ExtentRecord data_record(std::span<const HeldReference> held, const OldExtent* old) const {
        const Reference& first = held.front().reference;
        const auto& oldest = std::ranges::min(held, {}, &HeldReference::generation);
        const bool knows_old = old != nullptr && old->length_bytes == first.length_bytes;
        const bool may_be_that_old = knows_old && old->generation <= oldest.generation;
        u64 quota_owner = 0;
        if (old_.has_quota_owners) {
            quota_owner = knows_old && old->quota_owner != 0 ? old->quota_owner : oldest.reference.owner;
        }
        return record_of_data(range_from(first.bytenr, first.length_bytes),
                              may_be_that_old ? old->generation : oldest.generation, quota_owner);
    }

    static Result<void> add_references(ExtentRecord& record, std::span<const HeldReference> held) {
        const auto& first = held.front().reference;
        for (std::size_t i = 0; i < held.size(); ++i) {
            const auto& reference = held[i].reference;
            if (reference.length_bytes != first.length_bytes) {
                return contradiction(first.bytenr, fmt::format("trees give it {} and {} bytes", first.length_bytes,
                                                               reference.length_bytes));
            }
            if (ref_of(reference).is_of_data() != record.is_data()) {
                return contradiction(first.bytenr, "it is a tree block for one and data for another");
            }
            if (i > 0 && held[i - 1].reference == reference) {
                if (!record.is_data()) {
                    return contradiction(first.bytenr, "one tree refers to the block twice");
                }
                ++record.refs.back().count;
            } else {
                record.refs.push_back(ref_of(reference));
            }
        }
        sort_by_rank(std::span(record.refs), rank_of);
        return {};
    }

    Result<void> check_place(Range range, bool is_data) {
        const Chunk* chunk = survey_.filesystem.volume().chunks().find({range.start});
        if (chunk == nullptr || range.end > range_of(*chunk).end) {
            return contradiction(range.start, "it lies in no chunk, or leaves it");
        }
        const u64 wanted = is_data ? btrfs::block_group_data : btrfs::block_group_metadata | btrfs::block_group_system;
        if ((chunk->type & wanted) == 0) {
            return contradiction(range.start, "it lies in a chunk of another type");
        }
        if (range.start < end_) {
            return contradiction(range.start, "it overlaps the extent before it");
        }
        end_ = range.end;
        return {};
    }

    const Survey& survey_;
    const OldExtents& old_;
    u64 end_ = 0; ///< of the extent before
};

/// References are held, sorted and then encoded; what is left of the memory is for the scan.
std::vector<Range> windows_of(const UsedSpace& used, u64 memory_bytes) {
    const u64 most_references = std::max<u64>(memory_bytes / 2 / sizeof(HeldReference), 1);
    std::vector<Range> windows;
    u64 count = 0;
    for (const auto& [granule, references] : used.references) {
        if (windows.empty() || count + references > most_references) {
            windows.push_back({granule * granule_bytes, 0});
            count = 0;
        }
        count += references;
        windows.back().end = (granule + 1) * granule_bytes;
    }
    return windows;
}

} // namespace

Result<void> for_each_record(Survey& survey, const WalkedTrees& trees, const UsedSpace& used, const OldExtents& old,
                             const std::function<Result<void>(const ExtentRecord&)>& visit) {
    RecordMaker maker(survey, old);
    for (const Range addresses : windows_of(used, survey.run.memory_bytes)) {
        Window window(addresses);
        SparseBits visited;
        rescan_references(survey, trees.alone, false, visited, window);
        rescan_references(survey, trees.files, true, visited, window);
        if (old.tree != nullptr) {
            window.take_old(survey, *old.tree);
        }
        if (survey.run.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        window.sort();
        auto rest = window.references();
        while (!rest.empty()) {
            const auto end = std::ranges::find_if(rest, [&](const HeldReference& held) {
                return held.reference.bytenr != rest.front().reference.bytenr;
            });
            const auto held = rest.first(static_cast<std::size_t>(end - rest.begin()));
            BTRKIT_TRY_ASSIGN(const auto record, maker.make(window, held));
            BTRKIT_TRY(visit(record));
            rest = rest.subspan(held.size());
        }
    }
    return {};
}

} // namespace btrkit::repair
