// SPDX-License-Identifier: MIT
#include "libfs/ops/dump_image/other_name.h"

#include "libfs/base/checksum.h"

#include <array>
#include <vector>

namespace btrkit::dump_image {

namespace {

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
static_assert(letters.size() == 64);

constexpr std::size_t forced_bytes = 4; ///< the last ones of a name: they follow from the others and from the crc

/// One byte's step of crc32c (reflected), and the way back by the top byte of what it leads to.
struct CrcSteps {
    std::array<u32, 256> step{};
    std::array<u8, 256> by_top{};

    constexpr CrcSteps() {
        for (u32 byte = 0; byte < 256; ++byte) {
            u32 crc = byte;
            for (int bit = 0; bit < 8; ++bit) {
                crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
            }
            step[byte] = crc;
            by_top[crc >> 24U] = static_cast<u8>(byte);
        }
    }
    constexpr u32 forth(u32 crc, u8 byte) const { return step[(crc ^ byte) & 0xffU] ^ (crc >> 8U); }
    /// The crc before the last four bytes, combined with these (xor, the first one lowest).
    constexpr u32 back(u32 crc) const {
        for (std::size_t i = 0; i < forced_bytes; ++i) {
            const u32 byte = by_top[crc >> 24U];
            crc = ((crc ^ step[byte]) << 8U) | byte;
        }
        return crc;
    }
};
constexpr CrcSteps crc_steps;

constexpr std::array<bool, 256> letter_table() {
    std::array<bool, 256> is_letter{};
    for (const char letter : letters) {
        is_letter[static_cast<u8>(letter)] = true;
    }
    return is_letter;
}

bool are_letters(u32 four) {
    static constexpr auto is_letter = letter_table();
    return is_letter[four & 0xffU] && is_letter[(four >> 8U) & 0xffU] && is_letter[(four >> 16U) & 0xffU] &&
           is_letter[four >> 24U];
}

bool can_stand_in_name(u8 byte) {
    return byte != 0 && byte != '/';
}

bool can_stand_in_name(u32 four) {
    return can_stand_in_name(static_cast<u8>(four)) && can_stand_in_name(static_cast<u8>(four >> 8U)) &&
           can_stand_in_name(static_cast<u8>(four >> 16U)) && can_stand_in_name(static_cast<u8>(four >> 24U));
}

/// Numbers that follow from a name.
class Numbers {
public:
    explicit Numbers(Bytes name) {
        const auto hash = checksum(btrfs::CsumType::xxhash64, name);
        std::memcpy(&state_, hash.data(), sizeof(state_));
    }
    u64 next() {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return state_ >> 33U;
    }

private:
    u64 state_ = 0;
};

class Search {
public:
    explicit Search(MutableBytes name)
        : name_(name), old_(name.begin(), name.end()), numbers_(name), forced_(crc_steps.back(crc32c_raw(0, name))) {}

    /// The bytes before the last seven are letters by chance; up to three bytes behind them are tried until the last
    /// four are letters too. One in 256 is.
    bool with_letters() {
        const std::size_t free_count = name_.size() - forced_bytes;
        const std::size_t tried_count = std::min<std::size_t>(free_count, 3);
        for (std::size_t i = 0; i < free_count; ++i) {
            put(i, letters[numbers_.next() % letters.size()]);
        }
        const u32 crc = crc32c_raw(0, name_.first(free_count - tried_count));
        const u64 first = numbers_.next();
        const u64 count = u64{1} << (6 * tried_count);
        for (u64 i = 0; i < count; ++i) {
            u64 number = (first + i) % count;
            u32 tried_crc = crc;
            for (std::size_t at = free_count - tried_count; at < free_count; ++at, number >>= 6U) {
                put(at, letters[number & 63U]);
                tried_crc = crc_steps.forth(tried_crc, static_cast<u8>(name_[at]));
            }
            if (are_letters(forced_ ^ tried_crc) && finish(tried_crc)) {
                return true;
            }
        }
        return false;
    }

    /// Whatever can stand in a name, in the byte before the last four.
    bool with_any_bytes() {
        const std::size_t at = name_.size() - forced_bytes - 1;
        const u32 crc = crc32c_raw(0, name_.first(at));
        const u64 first = numbers_.next();
        for (u64 i = 0; i < 256; ++i) {
            const auto byte = static_cast<u8>(first + i);
            const u32 tried_crc = crc_steps.forth(crc, byte);
            if (can_stand_in_name(byte) && can_stand_in_name(forced_ ^ tried_crc)) {
                put(at, static_cast<char>(byte));
                if (finish(tried_crc)) {
                    return true;
                }
            }
        }
        return false;
    }

    void give_up() { std::ranges::copy(old_, name_.begin()); }

private:
    void put(std::size_t at, char letter) { name_[at] = static_cast<std::byte>(letter); }
    /// False where it is the old name again.
    bool finish(u32 crc) {
        const u32 four = forced_ ^ crc;
        for (std::size_t i = 0; i < forced_bytes; ++i) {
            put(name_.size() - forced_bytes + i, static_cast<char>(four >> (8 * i)));
        }
        return !std::ranges::equal(name_, old_);
    }

    MutableBytes name_;
    std::vector<std::byte> old_;
    Numbers numbers_;
    u32 forced_;
};

} // namespace

void put_other_name(MutableBytes name) {
    if (name.size() <= longest_kept_name) {
        return;
    }
    Search search(name);
    if (!search.with_letters() && !search.with_any_bytes()) {
        search.give_up();
    }
}

} // namespace btrkit::dump_image
