// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_block.h"

#include "libfs/base/checksum.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit {

namespace {

/// Takes the findings about one block.
class BlockFindings {
public:
    BlockFindings(const Promise& promise, Problems& problems) : promise_(promise), problems_(problems) {}

    template <class... Args>
    void report(ProblemCode code, fmt::format_string<const Args&...> format, const Args&... args) {
        add(code, {.logical = promise_.address, .tree = promise_.tree}, fmt::format(format, args...));
    }
    template <class... Args>
    void report_slot(ProblemCode code, u32 slot, const btrfs::Key& key, fmt::format_string<const Args&...> format,
                     const Args&... args) {
        add(code, {.logical = promise_.address, .tree = promise_.tree, .slot = slot, .key = key},
            fmt::format(format, args...));
    }
    bool none() const { return none_; }

private:
    void add(ProblemCode code, Place place, std::string detail) {
        problems_.push_back({.code = code, .place = std::move(place), .detail = std::move(detail)});
        none_ = false;
    }

    const Promise& promise_;
    Problems& problems_;
    bool none_ = true;
};

/// Whether the block says about itself that it is the one that was wanted, however damaged.
bool is_recognizable(const BlockView& view, const Geometry& geometry, const Promise& promise) {
    return view.header().bytenr == promise.address.bytenr || geometry.owns_fsid(view.header().fsid);
}

std::string checksum_text(const btrfs::CsumBytes& csum, const Geometry& geometry) {
    return fmt::format("{:02x}", fmt::join(std::span(csum).first(geometry.csum_size_bytes), ""));
}

std::string describe_bad_checksum(const BlockView& view, const Geometry& geometry, const Promise& promise) {
    if (std::ranges::all_of(view.bytes(), [](std::byte byte) { return byte == std::byte{0}; })) {
        return "the whole block is zero";
    }
    const auto computed = checksum(geometry.csum_type, view.bytes().subspan(btrfs::max_csum_size));
    return fmt::format("stored {}, computed {}{}", checksum_text(view.header().csum, geometry),
                       checksum_text(computed, geometry),
                       is_recognizable(view, geometry, promise) ? "" : ", and address and fsid are foreign too");
}

void check_identity(const BlockView& view, const Geometry& geometry, const Promise& promise, BlockFindings& findings) {
    const auto& header = view.header();
    if (const u64 bytenr = header.bytenr; bytenr != promise.address.bytenr) {
        findings.report(ProblemCode::block_bytenr, "header says {}", bytenr);
    }
    if (!geometry.owns_fsid(header.fsid)) {
        findings.report(ProblemCode::block_fsid, "fsid {} instead of {}", uuid_text(header.fsid),
                        uuid_text(geometry.tree_fsid));
    }
}

void check_promises(const BlockView& view, const Promise& promise, BlockFindings& findings) {
    const auto facts = facts_of(view);
    const auto broken = broken_parts(promise, facts);
    if (broken.generation) {
        findings.report(ProblemCode::block_generation, "generation {} instead of {}", facts.generation,
                        *promise.generation);
    }
    if (broken.level) {
        findings.report(ProblemCode::block_level, "level {} instead of {}", facts.level, *promise.level);
    } else if (facts.level >= btrfs::max_level_count) {
        findings.report(ProblemCode::block_level, "level {}, but {} is the highest", facts.level,
                        btrfs::max_level_count - 1);
    }
    if (broken.owner) {
        findings.report(ProblemCode::block_owner, "owner {} in tree {}", objectid_text(facts.owner),
                        objectid_text(*promise.tree));
    }
    if (broken.first_key && !facts.is_empty) { // that it is empty is a matter of structure
        findings.report(ProblemCode::block_first_key, "{} instead of {}", key_text(facts.first_key),
                        key_text(*promise.first_key));
    }
}

void check_key_order(const BlockView& view, u32 slot, ProblemCode code, BlockFindings& findings) {
    if (slot != 0 && view.key(slot) <= view.key(slot - 1)) {
        findings.report_slot(code, slot, view.key(slot), "behind {}", key_text(view.key(slot - 1)));
    }
}

/// The last key, for those before it are smaller, or reported.
void check_end(const BlockView& view, const Promise& promise, ProblemCode code, BlockFindings& findings) {
    const auto facts = facts_of(view);
    if (broken_parts(promise, facts).end) {
        findings.report_slot(code, view.count() - 1, facts.last_key, "but the next block begins with {}",
                             key_text(*promise.end));
    }
}

void check_node(const BlockView& view, const Geometry& geometry, const Promise& promise, BlockFindings& findings) {
    if (const u32 nritems = view.header().nritems; nritems == 0 || nritems > view.capacity()) {
        findings.report(ProblemCode::node_nritems, "{} pointers, but a node has 1 to {}", nritems, view.capacity());
        return;
    }
    for (u32 slot = 0; slot < view.count(); ++slot) {
        check_key_order(view, slot, ProblemCode::node_key_order, findings);
        const u64 child = view.pointer(slot).blockptr;
        if (child == 0 || !is_aligned(child, geometry.sectorsize)) {
            findings.report_slot(ProblemCode::node_pointer, slot, view.key(slot),
                                 "{} is not a multiple of the sectorsize {} above 0", child, geometry.sectorsize);
        }
    }
    check_end(view, promise, ProblemCode::node_key_order, findings);
}

/// Whether the kernel wants items in every leaf of that tree.
bool is_never_empty(u64 owner, const Geometry& geometry) {
    switch (owner) {
    case btrfs::root_tree_id:
    case btrfs::chunk_tree_id:
    case btrfs::dev_tree_id:
    case btrfs::fs_tree_id:
    case btrfs::data_reloc_tree_id: return true;
    case btrfs::extent_tree_id: return !geometry.has_incompat(btrfs::incompat_extent_tree_v2);
    default: return false;
    }
}

void check_empty_leaf(const BlockView& view, const Geometry& geometry, const Promise& promise,
                      BlockFindings& findings) {
    const u64 owner = view.header().owner;
    if (promise.first_key) {
        findings.report(ProblemCode::leaf_empty, "its parent promises {}", key_text(*promise.first_key));
        return;
    }
    // The root of a relocation tree has the owner of its subvolume, but may be empty while that may not.
    if ((view.header().flags & btrfs::header_flag_reloc) != 0) {
        return;
    }
    if (owner == 0) {
        findings.report(ProblemCode::block_owner, "empty leaf with owner 0");
    } else if (is_never_empty(owner, geometry)) {
        findings.report(ProblemCode::leaf_empty, "owner {}", objectid_text(owner));
    }
}

/// Item data fills the leaf from its end towards the headers, without gaps. Offsets count from the block's header.
void check_item_place(const BlockView& view, u32 slot, BlockFindings& findings) {
    const auto& item = view.item(slot);
    const u64 data_size = btrfs::leaf_data_size(view.nodesize());
    const u64 expected_end = slot == 0 ? data_size : u64{view.item(slot - 1).offset};
    const u64 end = u64{item.offset} + item.size;
    if (end != expected_end) {
        findings.report_slot(ProblemCode::leaf_item_offset, slot, view.key(slot),
                             "data at {} with {} bytes ends at {} instead of {}", u32{item.offset}, u32{item.size}, end,
                             expected_end);
    } else if (end > data_size) {
        findings.report_slot(ProblemCode::leaf_item_offset, slot, view.key(slot),
                             "data at {} with {} bytes ends behind the block, at {}", u32{item.offset}, u32{item.size},
                             end);
    }
    if (const u64 headers_end = u64{view.count()} * sizeof(btrfs::ItemHeader); item.offset < headers_end) {
        findings.report_slot(ProblemCode::leaf_item_overlap, slot, view.key(slot),
                             "data at {}, but the item headers end at {}", u32{item.offset}, headers_end);
    }
}

void check_leaf(const BlockView& view, const Geometry& geometry, const Promise& promise, BlockFindings& findings) {
    if (const u32 nritems = view.header().nritems; nritems > view.capacity()) {
        findings.report(ProblemCode::leaf_nritems, "{} items, but no more than {} fit", nritems, view.capacity());
        return;
    }
    if (view.count() == 0) {
        check_empty_leaf(view, geometry, promise, findings);
    }
    for (u32 slot = 0; slot < view.count(); ++slot) {
        check_key_order(view, slot, ProblemCode::leaf_key_order, findings);
        check_item_place(view, slot, findings);
    }
    check_end(view, promise, ProblemCode::leaf_key_order, findings);
}

} // namespace

bool check_header(const BlockView& view, const Geometry& geometry, const Promise& promise, Problems& problems) {
    BlockFindings findings(promise, problems);
    if (!checksum_matches(geometry.csum_type, view.bytes().subspan(btrfs::max_csum_size), view.header().csum)) {
        findings.report(ProblemCode::block_checksum, "{}", describe_bad_checksum(view, geometry, promise));
        if (!is_recognizable(view, geometry, promise)) {
            return false;
        }
    }
    check_identity(view, geometry, promise, findings);
    check_promises(view, promise, findings);
    return findings.none();
}

bool check_structure(const BlockView& view, const Geometry& geometry, const Promise& promise, Problems& problems) {
    BlockFindings findings(promise, problems);
    if (view.is_leaf()) {
        check_leaf(view, geometry, promise, findings);
    } else {
        check_node(view, geometry, promise, findings);
    }
    return findings.none();
}

std::optional<TreeBlock> TreeBlock::prove(Bytes bytes, const Geometry& geometry, const Promise& promise,
                                          Problems& problems) {
    assert(bytes.size() == geometry.nodesize);
    const BlockView view(bytes);
    const bool header_holds = check_header(view, geometry, promise, problems);
    if (!header_holds && !is_recognizable(view, geometry, promise)) {
        return std::nullopt; // whatever stands there, it was never a block of this kind
    }
    const bool structure_holds = check_structure(view, geometry, promise, problems);
    return header_holds && structure_holds ? std::optional(TreeBlock(view)) : std::nullopt;
}

CopyProof TreeBlock::prove_copy(Bytes bytes, const Geometry& geometry, const Promise& promise, Problems& problems) {
    assert(bytes.size() == geometry.nodesize);
    const BlockView view(bytes);
    if (!check_header(view, geometry, promise, problems)) {
        return {};
    }
    if (!check_structure(view, geometry, promise, problems)) {
        return {.state = BlockState::malformed};
    }
    return {.state = BlockState::proven, .proven = TreeBlock(view)};
}

} // namespace btrkit
