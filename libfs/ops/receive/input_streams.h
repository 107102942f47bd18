// SPDX-License-Identifier: MIT
// The inputs of a receive in the order in which they can be received (internal to libfs/ops/receive).
#pragma once

#include "libfs/ops/receive/receive.h"

namespace btrkit::receive {

/// One of them, read up to and with its first command where there are several.
struct InputStream {
    std::string name;
    Decoder decoder;
    std::optional<StreamCommand> first = {}; ///< still in the decoder's hands; nothing where none was read yet
};

/// As they were given; several of them so that each stands behind those that have its parents and clone sources. Those
/// of a pipe are not known beforehand, but for the parent of its first subvolume. Fails as Decoder does, naming the
/// input.
Result<std::vector<InputStream>> open_streams(std::span<const StreamSource> inputs);

/// The error, with the input that it comes from where there are several.
std::unexpected<Error> in_input(const Error& error, const std::string& name, std::size_t input_count);

} // namespace btrkit::receive
