// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/blocks/mended_view.h"

#include "libfs/ops/repair/extents/lost_file_extents.h"
#include "libfs/ops/repair/lost/rejoin_nodes.h"
#include "libfs/ops/repair/lost/replace_lost.h"
#include "libfs/ops/repair/roots/paper_superblocks.h"
#include "libfs/ops/repair/roots/root_leaves.h"
#include "libfs/ops/repair/roots/top_roots.h"
#include "libfs/tree/tree_search.h"

namespace btrkit::repair {

namespace {

/// As deep as trees are, and once for each kind of damage above.
constexpr unsigned most_rounds = 16;
constexpr u64 overlay_bytes = u64{64} << 20;

/// Blocks that can be read, but hold what can't be.
std::set<u64> blocks_of(const survey::Findings& findings) {
    std::set<u64> addresses;
    for (const auto& finding : findings.all()) {
        const auto& problem = finding.problem;
        const bool is_of_item = problem.code >= ProblemCode::item_size && problem.code <= ProblemCode::item_raid_stripe;
        const bool is_of_block =
            problem.code == ProblemCode::block_not_written || problem.code == ProblemCode::block_copy_items ||
            problem.code == ProblemCode::block_flags || problem.code == ProblemCode::item_misplaced ||
            (problem.code == ProblemCode::chunk_item && problem.place.slot);
        if ((is_of_item || is_of_block) && problem.place.logical) {
            addresses.insert(problem.place.logical->bytenr);
        }
    }
    return addresses;
}

/// The leaf with the file extent item as it must have been.
std::optional<MendedBlock> with_extent(const Filesystem& filesystem, const LostFileExtent& lost) {
    const auto tree = filesystem.find_tree(lost.tree);
    if (!tree) {
        return std::nullopt;
    }
    BlockCache cache(filesystem.reader(), 0);
    TreeSearch search(cache, tree->block);
    const auto is_there = search.find(lost.key);
    if (!is_there || !*is_there || search.data().size() != lost.body.size()) {
        return std::nullopt;
    }
    const auto& leaf = search.leaf();
    std::vector<std::byte> bytes(leaf.bytes().begin(), leaf.bytes().end());
    std::ranges::copy(lost.body, bytes.begin() + static_cast<std::ptrdiff_t>(sizeof(btrfs::TreeBlockHeader) +
                                                                             leaf.item(search.slot()).offset));
    return sealed(filesystem.geometry(), {leaf.header().bytenr}, std::move(bytes), "the address of a file's extent");
}

} // namespace

RangeSet MendedView::addresses() const {
    std::vector<Range> ranges;
    ranges.reserve(blocks_.size());
    for (const auto& block : blocks_) {
        ranges.push_back(range_from(block.address.bytenr, block.bytes.size()));
    }
    return set_of(std::move(ranges));
}

/// What is said of where all else lies has changed.
Result<void> MendedView::read_chunks_again(bool has_mended_chunks) {
    if (!has_mended_chunks || !have_superblocks(overlaid_)) {
        return {};
    }
    Problems told;
    BTRKIT_TRY(change_superblocks(overlaid_, [](btrfs::Superblock&) {}, told));
    opening_ = std::move(told);
    return {};
}

/// What was mended before may have to follow what is put below it.
Result<bool> MendedView::add(std::vector<MendedBlock> blocks) {
    VolumeWriter writer(overlaid_.writable(), overlaid_.filesystem.volume().chunks());
    bool has_mended_chunks = false;
    for (auto& block : blocks) {
        has_mended_chunks |= BlockView(block.bytes).header().owner == btrfs::chunk_tree_id;
        BTRKIT_TRY(writer.write(block.address, block.bytes));
        const auto before = std::ranges::find(blocks_, block.address, &MendedBlock::address);
        if (before != blocks_.end()) {
            block.grade = std::max(block.grade, before->grade);
            blocks_.erase(before);
        }
        blocks_.push_back(std::move(block));
        ++change_count_;
    }
    BTRKIT_TRY(read_chunks_again(has_mended_chunks));
    return !blocks.empty();
}

void MendedView::add_root(u64 tree, Grade grade) {
    const auto [known, is_new] = roots_.try_emplace(tree, grade);
    known->second = std::max(known->second, grade);
    change_count_ += is_new ? 1 : 0;
}

void MendedView::leave_out_mended(std::vector<LostBlock>& lost) const {
    const auto done = addresses();
    std::erase_if(lost, [&](const LostBlock& block) { return done.contains(block.promise.address.bytenr); });
}

Result<bool> MendedView::mend_each(std::span<const LostBlock> lost) {
    std::vector<MendedBlock> mended;
    for (const auto& block : lost) {
        if (auto made = mend_block(filesystem(), block.promise, block.owner)) {
            mended.push_back(std::move(*made));
        }
    }
    return add(std::move(mended));
}

Result<void> MendedView::mend_proven(const std::set<u64>& wanted, const RunContext& context) {
    for (unsigned round = 0; round < most_rounds; ++round) {
        auto lost = find_lost_blocks(filesystem(), wanted, context);
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        BTRKIT_TRY_ASSIGN(const bool has_mended, mend_each(lost));
        leave_out_mended(lost);
        BTRKIT_TRY_ASSIGN(const bool has_joined, add(rejoin_nodes(filesystem(), lost, Siblings::all)));
        if (!has_mended && !has_joined) {
            break;
        }
    }
    return {};
}

/// All blocks were read by the id that superblocks have, and block groups follow from the extents.
Result<void> MendedView::take_back_conversion() {
    constexpr u64 begun = btrfs::super_flag_changing_fsid_v2 | btrfs::super_flag_changing_bg_tree;
    if ((filesystem().super().flags & begun) == 0 || !have_superblocks(overlaid_)) {
        return {};
    }
    Problems told;
    BTRKIT_TRY(
        change_superblocks(overlaid_, [](btrfs::Superblock& super) { super.flags = super.flags & ~begun; }, told));
    opening_ = std::move(told);
    has_taken_back_ = true;
    ++change_count_;
    return {};
}

Result<void> MendedView::lead_to_chunk_tree(const std::set<Grade>& allowed, const RunContext& context) {
    Problems told;
    BTRKIT_TRY_ASSIGN(const auto chunk_tree, find_chunk_tree(overlaid_, allowed, context, told));
    if (chunk_tree) {
        opening_ = std::move(told);
        add_root(btrfs::chunk_tree_id, chunk_tree->grade);
    }
    return {};
}

Result<bool> MendedView::lead_to_root_tree(const std::set<Grade>& allowed) {
    Problems told;
    BTRKIT_TRY_ASSIGN(auto root_tree, find_root_tree(overlaid_, *found_, allowed, told));
    if (!root_tree) {
        return false;
    }
    opening_ = std::move(told);
    add_root(btrfs::root_tree_id, root_tree->grade);
    if (root_tree->block) {
        is_root_tree_old_ = true;
        BTRKIT_TRY(add({std::move(*root_tree->block)}));
    }
    return true;
}

/// grade: of what is being tried. may_be_behind: a root item may lead to an old root, for the extent tree has blocks
/// that nothing leads to.
Result<bool> MendedView::lead_to_roots(const std::set<Grade>& allowed, Grade grade, bool may_be_behind,
                                       const RunContext& context) {
    RootSearch search{.grade = grade, .is_root_tree_old = is_root_tree_old_};
    const bool is_root_tree_lost = !OwnedBlock(filesystem().reader(), filesystem().root_tree().block).is_proven();
    const bool is_suspected = grade > Grade::proven && (may_be_behind || is_root_tree_old_);
    if (is_root_tree_lost ? grade == Grade::proven
                          : !is_suspected && trees_without_root(filesystem(), search).empty()) {
        return false;
    }
    if (!found_) {
        BTRKIT_TRY_ASSIGN(found_, FoundRoots::find(filesystem(), context));
    }
    if (is_root_tree_lost) {
        BTRKIT_TRY_ASSIGN(const bool has_led, lead_to_root_tree(allowed));
        if (!has_led) {
            return false;
        }
    }
    search.is_root_tree_old = is_root_tree_old_;
    BTRKIT_TRY_ASSIGN(auto items, mend_root_items(filesystem(), *found_, search));
    for (const u64 tree : items.trees) {
        add_root(tree, grade);
    }
    for (auto& block : items.blocks) {
        block.grade = grade;
    }
    BTRKIT_TRY_ASSIGN(const bool has_items, add(std::move(items.blocks)));
    return is_root_tree_lost || has_items;
}

/// Where blocks of the root tree are others, all of it is behind what it leads to.
Result<bool> MendedView::put_in_place(std::vector<MendedBlock> blocks) {
    is_root_tree_old_ |= std::ranges::any_of(
        blocks, [](const MendedBlock& block) { return BlockView(block.bytes).header().owner == btrfs::root_tree_id; });
    return add(std::move(blocks));
}

/// Leaves of the root tree of which nothing is left.
Result<bool> MendedView::replace_root_leaves(const RunContext& context) {
    const auto lost = find_lost_blocks(filesystem(), {}, context);
    if (!has_root_leaf(lost)) {
        return false;
    }
    if (!found_) {
        BTRKIT_TRY_ASSIGN(found_, FoundRoots::find(filesystem(), context));
    }
    return put_in_place(leaves_of_found_roots(filesystem(), *found_, lost));
}

Result<bool> MendedView::replace(Grade grade, const RunContext& context) {
    bool has_replaced = false;
    // What is left of a leaf is more than what is found of roots, and that is more than nothing.
    for (const auto step : grade == Grade::lossy ? std::vector{Grade::guessed, Grade::lossy} : std::vector{grade}) {
        if (step == Grade::lossy) {
            BTRKIT_TRY_ASSIGN(const bool has_roots, replace_root_leaves(context));
            has_replaced |= has_roots;
        }
        auto lost = find_lost_blocks(filesystem(), {}, context);
        BTRKIT_TRY_ASSIGN(auto blocks, replace_lost(filesystem(), lost, step, context));
        BTRKIT_TRY_ASSIGN(const bool has_more, put_in_place(std::move(blocks)));
        has_replaced |= has_more;
    }
    return has_replaced;
}

Result<bool> MendedView::mend_extents(const survey::Findings& findings) {
    FindingList list;
    for (const auto& finding : findings.all()) {
        list.push_back(&finding);
    }
    bool has_mended = false;
    const auto lost = find_lost_file_extents(filesystem(), list);
    for (const auto& extent : lost ? *lost : std::vector<LostFileExtent>{}) {
        auto mended = extent.is_correction ? with_extent(filesystem(), extent) : std::nullopt;
        if (mended) {
            BTRKIT_TRY_ASSIGN(const bool is_added, add({std::move(*mended)}));
            has_mended |= is_added;
        }
    }
    return has_mended;
}

Result<MendedView> MendedView::over(const Filesystem& filesystem) {
    BTRKIT_TRY_ASSIGN(auto overlaid, lay_overlays(filesystem, {.memory_bytes = overlay_bytes, .spill_directory = {}}));
    return MendedView(std::move(overlaid));
}

Result<bool> MendedView::mend(const survey::Findings& findings, const std::set<Grade>& allowed,
                              const RunContext& context) {
    const unsigned count_before = change_count_;
    const auto wanted = blocks_of(findings);
    const bool may_be_behind =
        findings.count(ProblemCode::extent_missing) > 0 && findings.count(ProblemCode::extent_unreferenced) > 0;
    BTRKIT_TRY(lead_to_chunk_tree(allowed, context));
    BTRKIT_TRY(take_back_conversion());
    BTRKIT_TRY(mend_extents(findings));
    BTRKIT_TRY(mend_proven(wanted, context));
    BTRKIT_TRY_ASSIGN(const bool has_led, lead_to_roots({Grade::proven}, Grade::proven, may_be_behind, context));
    if (has_led) {
        BTRKIT_TRY(mend_proven(wanted, context));
    }
    for (const auto grade : {Grade::guessed, Grade::lossy}) {
        for (unsigned round = 0; allowed.contains(grade) && round < most_rounds; ++round) {
            BTRKIT_TRY_ASSIGN(const bool has_replaced, replace(grade, context));
            BTRKIT_TRY_ASSIGN(const bool has_led_more, lead_to_roots(allowed, grade, may_be_behind, context));
            if (!has_replaced && !has_led_more) {
                break;
            }
            BTRKIT_TRY(mend_proven(wanted, context));
        }
    }
    BTRKIT_TRY(mend_extents(findings));
    return change_count_ != count_before;
}

} // namespace btrkit::repair
