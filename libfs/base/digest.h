// SPDX-License-Identifier: MIT
// A hash of any number of bytes that come piece by piece.
#pragma once

#include "libfs/base/bytes.h"

#include <array>
#include <memory>
#include <string>

namespace btrkit {

/// SHA-256, one after the other.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void add(Bytes bytes);
    void add_zeros(u64 length);
    /// Of all bytes since the last call, in lower-case hexadecimal.
    std::string take_text();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace btrkit
