// SPDX-License-Identifier: MIT
#include "libfs/txn/sealed_writes.h"

namespace btrkit {

namespace {

Result<void> seal_and_write(const BuiltBlock& block, MutableBytes bytes, const Geometry& geometry, BadItems bad_items,
                            std::span<const StoredPart> parts) {
    BTRKIT_TRY(seal_block(block, bytes, geometry, bad_items));
    return write_parts(parts, bytes);
}

} // namespace

SealedWrites::SealedWrites(Parallelism parallelism, const Geometry& geometry, BadItems bad_items)
    : writes_(
          parallelism,
          [&geometry, bad_items](Made& made) {
              made.written = seal_and_write(made.block, made.bytes, geometry, bad_items, made.parts);
          },
          [this](Made& made) {
              written_ = std::move(made.written);
              return written_.has_value();
          }) {}

Result<void> SealedWrites::push(const BuiltBlock& block, Bytes bytes, std::vector<StoredPart> parts) {
    const bool goes_on = writes_.push(
        std::make_unique<Made>(Made{.block = block, .parts = std::move(parts), .bytes = {bytes.begin(), bytes.end()}}));
    return goes_on ? Result<void>() : written_;
}

Result<void> SealedWrites::finish() {
    return writes_.drain() ? Result<void>() : written_;
}

} // namespace btrkit
