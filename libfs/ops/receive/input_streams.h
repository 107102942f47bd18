// SPDX-License-Identifier: MIT
// The inputs of a receive in the order in which they can be received (internal to libfs/ops/receive).
#pragma once

#include "libfs/ops/receive/receive.h"

namespace btrkit::receive {

/// One of them, read up to and with its first command.
struct InputStream {
    std::string name;
    Decoder decoder;
    std::optional<StreamCommand> first = {}; ///< still in the decoder's hands; nothing where none was read yet
};

/// As they were given; several of them so that each stands behind the one that has its parent, as far as their first
/// subvolumes tell. (What one clones from, only all of its commands tell: that must be given first.) Fails as Decoder
/// does, naming the input.
Result<std::vector<InputStream>> open_streams(std::span<const Input> inputs);

/// The error, with the input that it comes from where there are several.
std::unexpected<Error> in_input(const Error& error, const std::string& name, std::size_t input_count);

} // namespace btrkit::receive
