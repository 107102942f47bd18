// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/image/image_builder.h"

#include "formats/btrfs/objectids.h"
#include "libfs/ops/mkfs/image/trees.h"

namespace btrkit::mkfs {

namespace {

/// How often the trees that describe themselves are tried. Each try differs from the one before by the few blocks
/// that the one before was off; two or three do.
constexpr int max_rehearsals = 32;

class ImageBuilder {
public:
    ImageBuilder(const BuildOrder& order, Layout layout)
        : order_(order), parameters_(order.parameters), layout_(std::move(layout)), space_(layout_.space()),
          store_(parameters_.geometry, space_.system, space_.metadata, order.writer) {}

    Result<BuiltImage> build() {
        for (const auto step : {&ImageBuilder::fill_files, &ImageBuilder::build_small_trees,
                                &ImageBuilder::settle_last_trees, &ImageBuilder::write_parity}) {
            BTRKIT_TRY((this->*step)());
        }
        return BuiltImage{.layout = std::move(layout_),
                          .space = std::move(space_),
                          .trees = std::move(trees_),
                          .root_tree = root_tree_,
                          .chunk_tree = chunk_tree_,
                          .extent_count = extents_.size()};
    }

private:
    /// The trees that tell where all blocks lie, their own included.
    struct LastTrees {
        std::vector<InternalTree> trees;
        BuiltTree root_tree;
    };

    Result<void> fill_files() {
        TreeBuilder csum_tree(parameters_.geometry, identity_of(parameters_, btrfs::csum_tree_id), store_);
        CsumWriter csums(csum_tree, parameters_.geometry);
        FileFiller filler({.parameters = parameters_,
                           .plan = order_.plan,
                           .metadata = store_,
                           .data = space_.data,
                           .writer = order_.writer,
                           .depth = order_.depth,
                           .share_blocks = order_.share_blocks,
                           .run = order_.run});
        for (const auto& planned : order_.plan.trees()) {
            BTRKIT_TRY_ASSIGN(auto filled, filler.fill(planned, csums, extents_));
            trees_.files.push_back(filled);
        }
        // The first data chunk stays, whatever is in it.
        const std::size_t keep = parameters_.mixed ? 0 : 1;
        space_.data.drop_unused(keep);
        layout_.drop_data_chunks(space_.data.groups().size());
        BTRKIT_TRY(csums.flush());
        return add_internal(btrfs::csum_tree_id, csum_tree.finish());
    }

    Result<void> add_internal(u64 id, const Result<BuiltTree>& built) {
        if (!built) {
            return std::unexpected(built.error());
        }
        trees_.internal.push_back({id, *built});
        return {};
    }

    Result<void> build_small_trees() {
        BTRKIT_TRY(add_internal(btrfs::data_reloc_tree_id, build_data_reloc_tree(parameters_, store_)));
        BTRKIT_TRY(add_internal(btrfs::uuid_tree_id, build_uuid_tree(parameters_, trees_.files, store_)));
        if (parameters_.features.has_quota_tree()) {
            BTRKIT_TRY(add_internal(btrfs::quota_tree_id, build_quota_tree(parameters_, trees_.files, store_)));
        }
        BTRKIT_TRY(add_internal(btrfs::dev_tree_id, build_device_tree(parameters_, layout_, store_)));
        BTRKIT_TRY_ASSIGN(chunk_tree_, build_chunk_tree(parameters_, layout_, store_));
        return {};
    }

    SpaceState space_after(const MetadataStore& store) const {
        return {.system = store.system(), .metadata = store.metadata(), .data = space_.data};
    }

    /// Builds them into the store, as they must be if the filesystem's blocks and space are these in the end.
    Result<LastTrees> build_last_trees(MetadataStore& store, const std::vector<BuiltBlock>& blocks,
                                       const SpaceState& space) const {
        LastTrees last;
        const auto add = [&](u64 id, const Result<BuiltTree>& built) {
            if (built) {
                last.trees.push_back({id, *built});
            }
            return built;
        };
        Result<BuiltTree> built;
        if (parameters_.features.has_block_group_tree()) {
            built = add(btrfs::block_group_tree_id, build_block_group_tree(parameters_, space, store));
        }
        if (built && parameters_.features.has_free_space_tree()) {
            built = add(btrfs::free_space_tree_id, build_free_space_tree(parameters_, space, store));
        }
        if (built) {
            built = add(btrfs::extent_tree_id, build_extent_tree(parameters_, space, blocks, extents_, store));
        }
        if (built) {
            AllTrees all = trees_;
            all.internal.insert(all.internal.end(), last.trees.begin(), last.trees.end());
            built = build_root_tree(parameters_, all, order_.plan.default_tree(), store);
        }
        if (!built) {
            return std::unexpected(built.error());
        }
        last.root_tree = *built;
        return last;
    }

    /// Rehearses until what the trees say of themselves is true, then builds them.
    Result<void> settle_last_trees() {
        const std::vector<BuiltBlock> before(store_.blocks().begin(), store_.blocks().end());
        std::vector<BuiltBlock> blocks = before;
        SpaceState space = space_after(store_);
        for (int i = 0; i < max_rehearsals; ++i) {
            MetadataStore rehearsal = store_.rehearsal();
            BTRKIT_TRY(build_last_trees(rehearsal, blocks, space));
            std::vector<BuiltBlock> found = before;
            found.insert(found.end(), rehearsal.blocks().begin(), rehearsal.blocks().end());
            space = space_after(rehearsal);
            if (found == blocks) {
                return build_settled(blocks, std::move(space));
            }
            blocks = std::move(found);
        }
        return fail_as_bug("the extent tree does not come to rest");
    }

    Result<void> build_settled(const std::vector<BuiltBlock>& blocks, SpaceState space) {
        BTRKIT_TRY_ASSIGN(auto last, build_last_trees(store_, blocks, space));
        trees_.internal.insert(trees_.internal.end(), last.trees.begin(), last.trees.end());
        root_tree_ = last.root_tree;
        space_ = std::move(space);
        return {};
    }

    Result<void> write_parity() {
        if (order_.writer == nullptr) {
            return {};
        }
        for (const auto* chunk : layout_.chunks()) {
            for (const auto* group : space_.groups()) {
                if (group->start() != chunk->start || group->used_bytes() == 0) {
                    continue;
                }
                BTRKIT_TRY(order_.writer->write_parity(*chunk, group->start(), group->next()));
            }
        }
        return {};
    }

    const BuildOrder& order_;
    const Parameters& parameters_;
    Layout layout_;
    SpaceState space_;
    MetadataStore store_;
    AllTrees trees_;
    std::vector<DataExtent> extents_;
    BuiltTree root_tree_;
    BuiltTree chunk_tree_;
};

} // namespace

Result<BuiltImage> build_image(const BuildOrder& order, Layout layout) {
    return ImageBuilder(order, std::move(layout)).build();
}

} // namespace btrkit::mkfs
